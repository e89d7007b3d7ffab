import type { AttributeValue } from "../../ports/telemetry.ts";
import { boundAttributes } from "./attributes.ts";
import { severityOfLetter, severityOfPriority, severityOfValue } from "./levels.ts";
import { cleanText, type LineContext, type LineEvent } from "./line-event.ts";
import { timeOfValue } from "./line-time.ts";

/** Which field of a structured line is its message, level, time, trace and span, under the names loggers give them. */

/**
 * Names in lower case, the likeliest first. pino and bunyan, zap, winston, Python (structlog, python-json-logger),
 * Google Cloud, ECS, OpenTelemetry, Serilog's compact format (`@m`), GELF (`short_message`), MongoDB (`t`, `s`).
 */
const NAMES = {
  message: "message msg body @m @mt event short_message log",
  level:
    "level severity severity_text severitytext log.level levelname lvl loglevel level_name @l severitynumber severity_number priority log s",
  time: "@timestamp timestamp time ts @t datetime asctime eventtime timeunixnano t",
  trace: "trace_id traceid trace.id trace oteltraceid dd.trace_id logging.googleapis.com/trace dd",
  span: "span_id spanid span.id span otelspanid logging.googleapis.com/spanid",
} as const;
type Role = keyof typeof NAMES;

const ROLES = new Map<string, { role: Role; rank: number }[]>();
for (const [role, names] of Object.entries(NAMES) as [Role, string][])
  for (const [rank, name] of names.split(" ").entries()) ROLES.set(name, [...(ROLES.get(name) ?? []), { role, rank }]);

/** What a field says in its role; undefined when it is not used that way. */
const READERS: Record<Role, (value: unknown, key: string, context: LineContext, gelf: boolean) => unknown> = {
  message: (value) => {
    if (typeof value === "string") return value;
    const text = (value as { stringValue?: unknown } | null)?.stringValue;
    return typeof text === "string" ? text : undefined;
  },
  level: (value, key, _, gelf) => {
    if (key === "log") return severityOfValue(memberOf(value, "level")) || undefined;
    if (key === "s") return (typeof value === "string" && value.length < 3 && severityOfLetter(value)) || undefined;
    if (key.endsWith("number")) return integerIn(value, 1, 24);
    const priority = key === "priority" || gelf ? integerIn(value, 0, 7) : undefined;
    if (priority !== undefined) return severityOfPriority(priority);
    return key === "priority" ? undefined : severityOfValue(value) || undefined;
  },
  time: (value, _, context) => timeOfValue(memberOf(value, "$date") ?? value, context) ?? undefined,
  trace: (value) => hexId(memberOf(value, "id") ?? memberOf(value, "trace_id") ?? value, TRACE_ID),
  span: (value) => hexId(memberOf(value, "id") ?? value, SPAN_ID),
};

function integerIn(value: unknown, least: number, most: number): number | undefined {
  const number = typeof value === "string" && /^\d{1,2}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= least && number <= most
    ? number
    : undefined;
}

const TRACE_ID = /(?:^|\/)([0-9a-f]{32})$/i;
const SPAN_ID = /^([0-9a-f]{16})$/i;

/** Datadog's decimal ids are 64 bits of another kind: only hexadecimal ones name a trace. All zeros mean none. */
function hexId(value: unknown, shape: RegExp): string | undefined {
  const id = typeof value === "string" ? shape.exec(value)?.[1]?.toLowerCase() : undefined;
  return id === undefined || /^0+$/.test(id) ? undefined : id;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** A field that is used up by its role does not stay an attribute. Objects stay: they say more than that. */
const usedUp = (value: unknown): boolean => typeof value !== "object" || value === null;

/** The event of a line's decoded fields. Without a message the line itself is the body. */
export function eventOfFields(fields: Record<string, unknown>, line: string, context: LineContext): LineEvent {
  const found = new Map<Role, { rank: number; key: string; value: unknown }>();
  const gelf = Object.hasOwn(fields, "short_message");
  for (const key of Object.keys(fields)) {
    const name = key.length > 40 ? "" : key.toLowerCase();
    for (const { role, rank } of ROLES.get(name) ?? []) {
      if ((found.get(role)?.rank ?? Number.POSITIVE_INFINITY) <= rank) continue;
      const value = READERS[role](fields[key], name, context, gelf);
      if (value !== undefined) found.set(role, { rank, key, value });
    }
  }
  const used = new Set<string>();
  for (const { key } of found.values()) if (usedUp(fields[key])) used.add(key);
  const said = <T extends AttributeValue>(role: Role) => (found.get(role)?.value ?? null) as T | null;
  return {
    severity: said<number>("level") ?? 0,
    body: cleanText((said<string>("message") ?? "").trimEnd()) || line,
    attributes: boundAttributes(fields, used),
    atMs: said<number>("time"),
    traceId: said<string>("trace"),
    spanId: said<string>("span"),
  };
}
