import { isOwnService } from "../agent/kernel/own-service.ts";

/** What stands in the place of a stack. */
const HIDDEN = "[stack: for responders and above]";
/** frames on lines of their own, or on one line with signs for its ends, as in a pattern's sample or a JSON text */
const FRAMES =
  /(?:^|\n)[^\S\n]+at (?:async )?[^\n]*[:(][^\n]*(?:\n[^\S\n]+at [^\n]*)*|(?:(?:↵|\\n)\s+at (?:async )?[^\n↵\\"]*)+/g;

/** the fields in which a result says of which services it is: a line's, a span's, a pattern's */
const NAMING = ["service", "serviceName", "services"] as const;

/** Of Operate itself, alone or among others: of lines of several services nobody knows whose a stack is. */
const isOwn = (value: Record<string, unknown>): boolean =>
  NAMING.some((key) => [value[key]].flat().some((name) => typeof name === "string" && isOwnService(name)));

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/**
 * A result without the stack traces of Operate itself: in everything that says of itself to be of the service
 * `operate` (log lines, spans and their events), whatever the attribute that carries them.
 */
export function withoutOwnStacks(value: unknown, own = false): unknown {
  if (typeof value === "string") return own ? value.replace(FRAMES, ` ${HIDDEN}`) : value;
  if (Array.isArray(value)) return value.map((item) => withoutOwnStacks(item, own));
  if (!isPlain(value)) return value;
  const ofOperate = own || isOwn(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      ofOperate && /stack/i.test(key) ? HIDDEN : withoutOwnStacks(item, ofOperate),
    ]),
  );
}
