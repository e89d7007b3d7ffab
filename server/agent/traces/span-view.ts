import type { ReaderBudget } from "../kernel/reader-budget.ts";
import type { Attributes, AttributeValue } from "../ports/telemetry.ts";
import { clipText } from "../text/clip-text.ts";
import { countWithin } from "../text/page-within.ts";
import type { GetTraceOutput, SpanView } from "./schema.ts";
import { cutSpans, type WaterfallSpan } from "./waterfall.ts";

/** A span as it is shown, its times rounded to microseconds. */
export function spanView(node: WaterfallSpan): SpanView {
  const { span, parent, depth, startMs, endMs, selfMs, criticalMs } = node;
  const { spanId, service, version, instance, name, kind, status, statusMessage, attributes } = span;
  return {
    ...{ spanId, parentSpanId: parent?.span.spanId ?? null, depth, service, version, instance, name, kind },
    ...{ status, statusMessage },
    startOffsetMs: startMs,
    durationMs: micro(endMs - startMs),
    selfMs: micro(selfMs),
    onCriticalPath: criticalMs !== null,
    attributes,
    events: span.events.map((event) => ({
      offsetMs: micro(event.atMs - span.startMs + startMs),
      name: event.name,
      attributes: event.attributes,
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({ traceId, spanId, attributes })),
  };
}

const micro = (ms: number): number => Math.round(ms * 1_000) / 1_000;

/** in brief */
const LONGEST = { text: 120, message: 300 };
const MOST = { attributes: 8, events: 2, links: 5, services: 20 };
/** the rest of the answer: summary, services, source */
const RESERVED_BYTES = 6_000;

/**
 * The spans that a reader takes in: for a brief one, long texts and many attributes are cut; as many spans are left out
 * as it takes to keep to its budget, the least important first.
 */
export function spansWithin(spans: readonly WaterfallSpan[], limit: number, reader: ReaderBudget): SpanView[] {
  const view = reader.brief ? (node: WaterfallSpan) => briefSpan(spanView(node)) : spanView;
  for (let most = Math.min(limit, reader.most.spans); ; most = Math.floor(most * 0.8)) {
    const views = cutSpans(spans, Math.max(1, most)).map(view);
    if (most <= 1 || countWithin(views, reader.bytes - RESERVED_BYTES) === views.length) return views;
  }
}

/** The newest spans that link to the trace. */
export const briefLinked = (linked: NonNullable<GetTraceOutput["linkedFrom"]>): typeof linked =>
  linked.slice(0, MOST.links).map((one) => ({
    ...one,
    service: clipText(one.service, LONGEST.text),
    name: clipText(one.name, LONGEST.text),
    toSpanIds: one.toSpanIds.slice(0, MOST.links),
  }));

/** The services that took the most time. */
export const briefServices = (services: GetTraceOutput["services"]): GetTraceOutput["services"] =>
  services.slice(0, MOST.services).map((one) => ({ ...one, service: clipText(one.service, LONGEST.text) }));

function briefSpan(view: SpanView): SpanView {
  return {
    ...view,
    service: clipText(view.service, LONGEST.text),
    version: clipText(view.version, LONGEST.text),
    instance: clipText(view.instance, LONGEST.text),
    name: clipText(view.name, LONGEST.text),
    statusMessage: clipText(view.statusMessage, LONGEST.message),
    attributes: briefAttributes(view.attributes as Attributes),
    events: view.events
      .slice(0, MOST.events)
      .map((event) => ({ ...event, attributes: briefAttributes(event.attributes as Attributes) })),
    links: view.links
      .slice(0, MOST.links)
      .map((link) => ({ ...link, attributes: briefAttributes(link.attributes as Attributes) })),
  };
}

const briefAttributes = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(attributes)
      .slice(0, MOST.attributes)
      .map(([key, value]) => [clipText(key, LONGEST.text), briefValue(value)]),
  );

const briefValue = (value: AttributeValue): AttributeValue =>
  typeof value === "number" || typeof value === "boolean" || value === null
    ? value
    : clipText(typeof value === "string" ? value : JSON.stringify(value), LONGEST.text);
