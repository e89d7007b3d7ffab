import { countWithin, MODEL_BUDGET_BYTES } from "../kernel/page-within.ts";
import type { Attributes, AttributeValue } from "../ports/telemetry.ts";
import { clipText } from "../text/clip-text.ts";
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

const MODEL_SPANS = 100;
const MODEL_TEXT = 120;
const MODEL_MESSAGE = 300;
const MODEL_ATTRIBUTES = 8;
const MODEL_EVENTS = 2;
const MODEL_LINKS = 5;
const MODEL_SERVICES = 20;
/** the rest of the answer: summary, services, source */
const RESERVED_BYTES = 6_000;

/**
 * The spans a model can read: long texts and many attributes are cut, and as many spans are left out as it takes to
 * keep to its budget, the least important first.
 */
export function spansForModel(spans: readonly WaterfallSpan[], limit: number): SpanView[] {
  for (let most = Math.min(limit, MODEL_SPANS); ; most = Math.floor(most * 0.8)) {
    const views = cutSpans(spans, Math.max(1, most)).map((node) => briefSpan(spanView(node)));
    if (most <= 1 || countWithin(views, MODEL_BUDGET_BYTES - RESERVED_BYTES) === views.length) return views;
  }
}

/** The newest spans that link to the trace. */
export const linkedForModel = (linked: NonNullable<GetTraceOutput["linkedFrom"]>): typeof linked =>
  linked.slice(0, MODEL_LINKS).map((one) => ({
    ...one,
    service: clipText(one.service, MODEL_TEXT),
    name: clipText(one.name, MODEL_TEXT),
    toSpanIds: one.toSpanIds.slice(0, MODEL_LINKS),
  }));

/** The services that took the most time. */
export const servicesForModel = (services: GetTraceOutput["services"]): GetTraceOutput["services"] =>
  services.slice(0, MODEL_SERVICES).map((one) => ({ ...one, service: clipText(one.service, MODEL_TEXT) }));

function briefSpan(view: SpanView): SpanView {
  return {
    ...view,
    service: clipText(view.service, MODEL_TEXT),
    version: clipText(view.version, MODEL_TEXT),
    instance: clipText(view.instance, MODEL_TEXT),
    name: clipText(view.name, MODEL_TEXT),
    statusMessage: clipText(view.statusMessage, MODEL_MESSAGE),
    attributes: briefAttributes(view.attributes as Attributes),
    events: view.events
      .slice(0, MODEL_EVENTS)
      .map((event) => ({ ...event, attributes: briefAttributes(event.attributes as Attributes) })),
    links: view.links
      .slice(0, MODEL_LINKS)
      .map((link) => ({ ...link, attributes: briefAttributes(link.attributes as Attributes) })),
  };
}

const briefAttributes = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(attributes)
      .slice(0, MODEL_ATTRIBUTES)
      .map(([key, value]) => [clipText(key, MODEL_TEXT), briefValue(value)]),
  );

const briefValue = (value: AttributeValue): AttributeValue =>
  typeof value === "number" || typeof value === "boolean" || value === null
    ? value
    : clipText(typeof value === "string" ? value : JSON.stringify(value), MODEL_TEXT);
