import type { SpanRecord } from "../ports/telemetry.ts";
import { groupedCount } from "../text/numbers.ts";
import { visibleText } from "../text/visible-line.ts";
import { counted, inMs } from "./sentence-numbers.ts";
import { errorOrigins, type Waterfall, type WaterfallSpan } from "./waterfall.ts";

/** places with less of the critical path than this share are not named */
const LEAST_SHARE = 0.05;
const MOST_PLACES = 3;
const LONGEST_NAME = 120;
const LONGEST_REASON = 200;

/** Names are whatever a sender makes them. */
const short = (name: string): string => visibleText(name.trim(), LONGEST_NAME) || "unnamed";

/**
 * Where the time of a trace went and what failed: `GET /checkout of gateway took 240 ms: payments 180 ms, checkout
 * 32 ms, gateway 28 ms. mailer went on for 500 ms after the answer. 2 of 9 spans failed, first POST /charges of
 * payments: card declined.` The times are those of
 * the critical path.
 */
export function summariseTrace(trace: Waterfall): string {
  const { root } = trace;
  if (!root) return "No span of this trace has arrived.";
  const orphan = root.span.parentSpanId !== null;
  const took = `${short(root.span.name)} of ${short(root.span.service)} took ${inMs(trace.durationMs)}`;
  return [
    `${took}${whereTimeWent(trace, root)}.`,
    whatWentOn(trace, root),
    orphan ? "The span that called it has not arrived, so the beginning may be missing." : "",
    whatFailed(trace),
  ]
    .filter(Boolean)
    .join(" ");
}

/** What outlives the trace by less than this share of its duration is a clock that differs a little. */
const LEAST_AFTER_SHARE = 0.01;

/** `mailer went on for 500 ms after the answer.` */
function whatWentOn({ spans, durationMs, answeredMs }: Waterfall, root: WaterfallSpan): string {
  const after = new Map<string, number>();
  for (const { span, endMs } of spans) {
    const ms = endMs - answeredMs;
    const service = short(span.service);
    if (ms > durationMs * LEAST_AFTER_SHARE) after.set(service, Math.max(after.get(service) ?? 0, ms));
  }
  const longest = [...after].sort((a, b) => b[1] - a[1]);
  if (longest.length === 0) return "";
  const named = longest
    .slice(0, MOST_PLACES)
    .map(([service, ms], i) => `${service}${i > 0 ? "" : " went on"} for ${inMs(ms)}`);
  const more = longest.length - named.length;
  const list = more > 0 ? `${named.join(", ")} and ${counted(more, "more service")} for less` : inWords(named);
  return `${list} after ${root.span.kind === "server" ? "the answer" : "it ended"}.`;
}

const inWords = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;

function whereTimeWent({ spans, durationMs }: Waterfall, root: WaterfallSpan): string {
  const byPlace = new Map<string, number>();
  for (const node of spans)
    if (node.criticalMs !== null) {
      const place = placeOf(node);
      byPlace.set(place, (byPlace.get(place) ?? 0) + node.criticalMs);
    }
  const places = [...byPlace].filter(([, ms]) => ms >= durationMs * LEAST_SHARE).sort((a, b) => b[1] - a[1]);
  if (places.length === 1 && places[0]?.[0] === short(root.span.service)) return slowestPart(spans, durationMs, root);
  if (places.length === 0) return "";
  return `: ${places
    .slice(0, MOST_PLACES)
    .map(([place, ms]) => `${place} ${inMs(ms)}`)
    .join(", ")}`;
}

/** Within one service the span that took the most is the better answer. */
function slowestPart(spans: readonly WaterfallSpan[], durationMs: number, root: WaterfallSpan): string {
  const own = (node: WaterfallSpan) => node.criticalMs ?? 0;
  const most = spans.toSorted((a, b) => own(b) - own(a))[0];
  if (!most || most === root || own(most) < durationMs * LEAST_SHARE) return "";
  return `, ${inMs(own(most))} of it in ${short(most.span.name)}`;
}

/** A call whose other side sent no span is time spent at what was called. */
function placeOf({ span, children }: WaterfallSpan): string {
  if (span.kind !== "client" || children.length > 0) return short(span.service);
  const peer = ["peer.service", "db.system.name", "db.system", "server.address", "net.peer.name"]
    .map((name) => span.attributes[name])
    .find((value) => typeof value === "string" && value !== "");
  return peer === undefined ? short(span.service) : `${short(span.service)} waiting for ${short(String(peer))}`;
}

function whatFailed({ spans, errorCount }: Waterfall): string {
  if (errorCount === 0) return "Nothing failed.";
  const first = errorOrigins(spans)[0];
  const verdict = `${groupedCount(errorCount)} of ${counted(spans.length, "span")} failed`;
  if (!first) return `${verdict}.`;
  const reason = reasonOf(first.span);
  const where = `${short(first.span.name)} of ${short(first.span.service)}`;
  return `${verdict}, ${errorCount > 1 ? "first " : ""}${where}${reason ? `: ${reason}` : ""}.`;
}

/** The status' message, else that of the exception it recorded, else the error's type. */
function reasonOf({ statusMessage, events, attributes }: SpanRecord): string {
  const exception = events.find(({ name }) => name === "exception")?.attributes;
  const said = statusMessage || exception?.["exception.message"] || exception?.["exception.type"];
  const code = attributes["error.type"] ?? attributes["http.response.status_code"];
  return visibleText(String(said || (code ?? "")).trim(), LONGEST_REASON).replace(/\.$/, "");
}
