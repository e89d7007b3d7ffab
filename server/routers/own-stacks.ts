/** What stands in the place of a stack. */
const HIDDEN = "[stack: for responders and above]";
const FRAMES = /(?:^|\n)\s+at (?:async )?[^\n]*[:(][^\n]*(?:\n\s+at [^\n]*)*/g;

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
  const ofOperate = own || value.service === "operate" || value.serviceName === "operate";
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      ofOperate && /stack/i.test(key) ? HIDDEN : withoutOwnStacks(item, ofOperate),
    ]),
  );
}
