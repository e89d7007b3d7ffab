import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SpanRecord } from "#server/agent/ports/telemetry.ts";
import type { TraceFilter, TraceSource, TraceSummaryRecord } from "#server/agent/ports/trace-source.ts";

export interface TraceSourceUnderTest {
  source: TraceSource;
  stop(): Promise<void>;
}

const TRACES = 25;

/** The twenty minutes the suite asks about; they end five minutes ago. */
const windowAt = (now: number) => {
  const endMs = Math.floor(now / 60_000) * 60_000 - 300_000;
  return { from: new Date(endMs - 1_200_000), to: new Date(endMs) };
};

const idOf = (i: number): string => (i + 1).toString(16).padStart(4, "0").padEnd(32, "c");

/** The fifth trace follows from the fourth. */
const linksOf = (i: number, n: number): SpanRecord["links"] =>
  i === 4 && n === 2 ? [{ traceId: idOf(3), spanId: "41".padStart(16, "b"), attributes: {} }] : [];

/**
 * One trace a half-minute: gateway calls checkout, which calls payments. Every fifth fails in payments, the eighth is
 * slow, the third ran version 2 on staging.
 */
function spansOf({ from }: { from: Date }): SpanRecord[] {
  return Array.from({ length: TRACES }, (_, i) => {
    const startMs = from.getTime() + 1_000 + i * 30_000;
    const failed = i % 5 === 4;
    const slow = i === 7;
    const span = (n: number, service: string, name: string, offsetMs: number, durationMs: number): SpanRecord => ({
      ...{ traceId: idOf(i), spanId: `${i + 1}${n}`.padStart(16, "b"), service, name },
      ...{ parentSpanId: n === 1 ? null : `${i + 1}${n - 1}`.padStart(16, "b"), kind: "server" },
      ...{ status: failed && n === 3 ? "error" : "unset", statusMessage: failed && n === 3 ? "card refused" : "" },
      ...{ environment: i === 2 ? "staging" : "production", version: i === 2 ? "2.0.0" : "1.0.0", instance: "a" },
      ...{ startMs: startMs + offsetMs, durationMs, attributes: { "http.response.status_code": failed ? 502 : 200 } },
      events:
        n === 3 && failed
          ? [{ atMs: startMs + 20, name: "exception", attributes: { "exception.type": "Refused" } }]
          : [],
      links: linksOf(i, n),
    });
    return [
      span(1, "gateway", "GET /", 0, slow ? 2_000 : 100),
      span(2, "checkout", "POST /checkout", 10, 80),
      span(3, "payments", "POST /pay", 20, 40),
    ];
  }).flat();
}

/** The contract of the port `TraceSource`, to be run on every adapter that holds the given spans. */
export function describeTraceSourceContract(
  name: string,
  setUp: (spans: SpanRecord[]) => Promise<TraceSourceUnderTest>,
): void {
  describe(`${name} as a TraceSource`, () => {
    const window = windowAt(Date.now());
    let under: TraceSourceUnderTest;
    beforeAll(async () => {
      under = await setUp(spansOf(window));
    });
    afterAll(() => under?.stop());

    const list = async (filter: TraceFilter, limit = 100): Promise<TraceSummaryRecord[]> =>
      (await under.source.list({ window, filter, limit })).data.items;
    const numbers = (items: TraceSummaryRecord[]): number[] =>
      items.map(({ traceId }) => Number.parseInt(traceId.slice(0, 4), 16) - 1);
    const newestFirst = (...wanted: number[]) => wanted.sort((a, b) => b - a);

    it("says who answered, and that it is fresh", async () => {
      const { source, stale } = await under.source.services(window);
      expect(source).toEqual(under.source.info);
      expect(stale).toBe(false);
    });

    it("lists traces, newest first, as a whole", async () => {
      const items = await list({ service: "checkout" });
      expect(items).toHaveLength(TRACES);
      expect(items.map(({ startAt }) => startAt)).toEqual(
        items
          .map(({ startAt }) => startAt)
          .sort()
          .reverse(),
      );
      expect(items.at(-1)).toEqual({
        ...{ traceId: idOf(0), rootService: "gateway", rootName: "GET /", durationMs: 100, spans: 3, errors: 0 },
        startAt: new Date(window.from.getTime() + 1_000).toISOString(),
        services: ["checkout", "gateway", "payments"],
      });
      expect(items[0]).toMatchObject({ traceId: idOf(24), errors: 1 });
      expect(await list({})).toHaveLength(TRACES);
    });

    it("pages, each trace once", async () => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const query = { window, filter: { service: "gateway" }, limit: 4, cursor };
        const { items, nextCursor } = (await under.source.list(query)).data;
        expect(items.length).toBeLessThanOrEqual(4);
        seen.push(...items.map(({ traceId }) => traceId));
        cursor = nextCursor ?? undefined;
      } while (cursor !== undefined && seen.length < 2 * TRACES);
      expect(seen).toHaveLength(TRACES);
      expect(new Set(seen).size).toBe(TRACES);
      expect(seen).toEqual([...seen].sort().reverse());
    });

    it("filters by what a trace did, how long it took and how it ended", async () => {
      const service = "checkout";
      expect(numbers(await list({ service, onlyErrors: true }))).toEqual(newestFirst(4, 9, 14, 19, 24));
      expect(numbers(await list({ service: "gateway", minDurationMs: 1_000 }))).toEqual([7]);
      expect(await list({ service: "gateway", maxDurationMs: 1_000 })).toHaveLength(TRACES - 1);
      expect(numbers(await list({ service, version: "2.0.0" }))).toEqual([2]);
      expect(numbers(await list({ service, environment: "staging" }))).toEqual([2]);
      expect(await list({ service, operation: "POST /checkout" })).toHaveLength(TRACES);
      expect(await list({ service, operation: "GET /" })).toEqual([]);
      expect(await list({ service: "nobody" })).toEqual([]);
    });

    it("keeps to the window", async () => {
      const narrow = { from: new Date(window.from.getTime() + 30_000), to: new Date(window.from.getTime() + 90_000) };
      const { items } = (await under.source.list({ window: narrow, filter: { service: "checkout" }, limit: 50 })).data;
      expect(numbers(items)).toEqual([2, 1]);
    });

    it("gives all spans of a trace, earliest first, with all that is known of them", async () => {
      const { data } = await under.source.get(idOf(4));
      expect(data?.map(({ service }) => service)).toEqual(["gateway", "checkout", "payments"]);
      expect(data?.[0]).toMatchObject({ traceId: idOf(4), parentSpanId: null, kind: "server", durationMs: 100 });
      expect(data?.[1]).toMatchObject({ parentSpanId: data?.[0]?.spanId, version: "1.0.0", environment: "production" });
      expect(data?.[2]).toMatchObject({
        ...{ status: "error", statusMessage: "card refused", name: "POST /pay", instance: "a" },
        ...{ startMs: window.from.getTime() + 1_000 + 4 * 30_000 + 20, durationMs: 40 },
        attributes: { "http.response.status_code": 502 },
        events: [{ name: "exception", attributes: { "exception.type": "Refused" } }],
      });
    });

    it("gives the links of spans, and who links to a trace, if it can", async () => {
      const { data } = await under.source.get(idOf(4));
      expect(data?.map(({ links }) => links.map(({ traceId, spanId }) => [traceId, spanId]))).toEqual([
        [],
        [[idOf(3), "41".padStart(16, "b")]],
        [],
      ]);
      if (!under.source.linksTo) return expect(under.source.linksTo).toBeNull();
      expect((await under.source.linksTo({ traceId: idOf(3), limit: 5 })).data).toEqual([
        {
          ...{ traceId: idOf(4), spanId: "52".padStart(16, "b"), service: "checkout", name: "POST /checkout" },
          startAt: new Date(window.from.getTime() + 1_000 + 4 * 30_000 + 10).toISOString(),
          toSpanIds: ["41".padStart(16, "b")],
        },
      ]);
      expect((await under.source.linksTo({ traceId: idOf(4), limit: 5 })).data).toEqual([]);
    });

    it("has nothing for a trace that is not there", async () => {
      expect((await under.source.get("f".repeat(32))).data).toBeNull();
    });

    it("names services and what they do", async () => {
      expect((await under.source.services(window)).data).toEqual(["checkout", "gateway", "payments"]);
      const operations = await under.source.operations({ service: "checkout", window });
      expect(operations.data).toEqual(["POST /checkout"]);
    });

    it("tells who calls whom, if it can", async () => {
      if (!under.source.edges) return expect(under.source.edges).toBeNull();
      const { data } = await under.source.edges({ window });
      const calls = data.map(({ from, to, calls: count }) => `${from} ${to} ${count}`).sort();
      expect(calls).toEqual([`checkout payments ${TRACES}`, `gateway checkout ${TRACES}`]);
    });

    it("counts what each served, if it can", async () => {
      if (!under.source.served) return expect(under.source.served).toBeNull();
      const { data } = await under.source.served({ window });
      const counts = Object.fromEntries(data.map(({ service, calls, errors }) => [service, [calls, errors]]));
      expect(counts).toEqual({ gateway: [TRACES, 0], checkout: [TRACES, 0], payments: [TRACES, 5] });
    });

    it("refuses a cursor of another", async () => {
      const query = { window, filter: {}, limit: 5, cursor: "nonsense!" };
      await expect(under.source.list(query)).rejects.toMatchObject({ code: "INVALID" });
    });
  });
}
