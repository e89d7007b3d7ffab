import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LogFilter, LogLineRecord, LogSource, LogTerm } from "#server/agent/ports/log-source.ts";
import type { LogRecord } from "#server/agent/ports/telemetry.ts";

export interface LogSourceUnderTest {
  source: LogSource;
  stop(): Promise<void>;
}

const STEP_SECONDS = 60;
const STEPS = 10;
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

/** The ten minutes the suite asks about; they end five minutes ago, on a full minute. */
const windowAt = (now: number) => {
  const endMs = Math.floor(now / 60_000) * 60_000 - 300_000;
  return { from: new Date(endMs - STEPS * STEP_SECONDS * 1_000), to: new Date(endMs) };
};

/** Forty lines a minute in turns of two services, of which some at one instant; and what a search looks for. */
function recordsOf({ from, to }: { from: Date; to: Date }): LogRecord[] {
  const record = (atMs: number, body: string, more: Partial<LogRecord> = {}): LogRecord => ({
    ...{ atMs, body, severity: 9, service: "checkout", environment: "production", version: "1.0.0", instance: "a" },
    ...{ attributes: {}, traceId: null, spanId: null },
    ...more,
  });
  const records: LogRecord[] = [];
  for (let i = 0; i < 40 * STEPS; i++) {
    const service = i % 2 === 0 ? "checkout" : "payments";
    records.push(record(from.getTime() + i * 1_500, `request ${i} answered`, { service }));
  }
  const middle = from.getTime() + 5 * 60_000 + 250;
  for (let i = 0; i < 30; i++)
    records.push(record(middle, `burst line ${String(i).padStart(2, "0")}`, { instance: "b" }));
  const attributes = { order: { id: "o-17" }, "http.status": 502, customer: "Ada Lovelace" };
  records.push(
    record(middle + 10, "Payment REFUSED by (bank).", { severity: 17, traceId: TRACE, attributes, instance: "b" }),
  );
  records.push(record(middle + 20, "cache is warm", { severity: 5, instance: "b", environment: "staging" }));
  records.push(record(middle + 30, "disk nearly full", { severity: 13, instance: "c", version: "1.1.0" }));
  records.push(record(from.getTime() - 1, "before the window"), record(to.getTime(), "after the window"));
  return records;
}
const LINES = 40 * STEPS + 30 + 3;

/** The contract of the port `LogSource`, to be run on every adapter that holds the given records. */
export function describeLogSourceContract(
  name: string,
  setUp: (records: LogRecord[]) => Promise<LogSourceUnderTest>,
): void {
  describe(`${name} as a LogSource`, () => {
    const window = windowAt(Date.now());
    let under: LogSourceUnderTest;
    beforeAll(async () => {
      under = await setUp(recordsOf(window));
    });
    afterAll(() => under?.stop());

    const filterOf = (filter: Partial<LogFilter>): LogFilter => ({ terms: [], ...filter });
    const search = async (filter: Partial<LogFilter>, limit = 1_000) => {
      const query = { window, filter: filterOf(filter), order: "oldest-first" as const, limit };
      return (await under.source.lines(query)).data.lines;
    };
    const text = (value: string, negated = false): LogTerm => ({ kind: "text", value, negated });
    const field = (name: string, value: string, negated = false): LogTerm => ({
      kind: "field",
      field: name,
      value,
      negated,
    });
    const refused = async () => {
      const [line] = await search({ terms: [text("refused")] });
      if (!line) throw new Error("the line of the refused payment is not there");
      return line;
    };
    const pages = async (order: "newest-first" | "oldest-first", limit: number): Promise<LogLineRecord[]> => {
      const lines: LogLineRecord[] = [];
      let cursor: string | undefined;
      do {
        const page: { lines: LogLineRecord[]; nextCursor: string | null } = (
          await under.source.lines({ window, filter: filterOf({}), order, limit, cursor })
        ).data;
        expect(page.lines.length).toBeLessThanOrEqual(limit);
        lines.push(...page.lines);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined && lines.length < 2 * LINES);
      return lines;
    };

    it("says who answered, and that it is fresh", async () => {
      const query = { window, filter: filterOf({}), order: "newest-first" as const, limit: 1 };
      const { source, stale } = await under.source.lines(query);
      expect(source).toEqual(under.source.info);
      expect(stale).toBe(false);
    });

    it("gives a line with all that is known of it", async () => {
      const line = await refused();
      expect(line).toMatchObject({
        ...{ service: "checkout", environment: "production", version: "1.0.0", instance: "b", level: "error" },
        ...{ body: "Payment REFUSED by (bank).", traceId: TRACE },
      });
      expect(line.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(Date.parse(line.at)).toBe(window.from.getTime() + 5 * 60_000 + 260);
      expect(line.attributes).toMatchObject({ customer: "Ada Lovelace" });
    });

    it.each([1, 7, 29, 100])("pages through all lines, each once and in order, %i at a time", async (limit) => {
      const oldest = await pages("oldest-first", limit);
      expect(oldest).toHaveLength(LINES);
      expect(new Set(oldest.map(({ id }) => id)).size).toBe(LINES);
      expect(oldest.map(({ at }) => at)).toEqual(oldest.map(({ at }) => at).sort());
      if (limit === 1) return;
      const newest = await pages("newest-first", limit);
      expect(new Set(newest.map(({ id }) => id))).toEqual(new Set(oldest.map(({ id }) => id)));
      expect(newest.map(({ at }) => at)).toEqual(oldest.map(({ at }) => at).reverse());
    });

    it("finds text whatever its case, and literally", async () => {
      const bodies = async (...terms: LogTerm[]) => (await search({ terms })).map(({ body }) => body);
      expect(await bodies(text("rEFUSED by (BANK)."))).toEqual(["Payment REFUSED by (bank)."]);
      expect(await bodies(text("refused"), text("bank"))).toHaveLength(1);
      expect(await bodies(text("refused"), text("bank", true))).toEqual([]);
      expect(await bodies(text("request .* answered"))).toEqual([]);
      expect(await bodies(text("request", true), text("burst", true))).toHaveLength(3);
    });

    it("filters by origin, level and trace", async () => {
      expect(await search({ service: "payments" })).toHaveLength(20 * STEPS);
      expect((await search({ environment: "staging" })).map(({ body }) => body)).toEqual(["cache is warm"]);
      expect((await search({ version: "1.1.0" })).map(({ body }) => body)).toEqual(["disk nearly full"]);
      expect(await search({ instance: "b" })).toHaveLength(32);
      expect(await search({ minSeverity: 13 })).toHaveLength(2);
      expect(await search({ minSeverity: 17 })).toHaveLength(1);
      expect(await search({ minSeverity: 9 })).toHaveLength(LINES - 1);
      expect(await search({ traceId: TRACE })).toHaveLength(1);
    });

    it("filters by attributes, nested or with dots in their names, and by part of a value", async () => {
      const count = async (...terms: LogTerm[]) => (await search({ terms })).length;
      expect(await count(field("order.id", "o-17"))).toBe(1);
      expect(await count(field("http.status", "502"))).toBe(1);
      expect(await count(field("customer", "Ada*"))).toBe(1);
      expect(await count(field("customer", "Ada"))).toBe(0);
      expect(await count(field("service", "pay*"))).toBe(20 * STEPS);
      expect(await count(field("instance", "b", true))).toBe(LINES - 32);
      expect(await count(field("customer", "Ada*", true))).toBe(LINES - 1);
      expect(await count(field("trace", TRACE))).toBe(1);
    });

    it("counts lines per step and level", async () => {
      const counts = async (filter: Partial<LogFilter>) =>
        (await under.source.counts({ window, filter: filterOf(filter), stepSeconds: STEP_SECONDS })).data;
      const all = await counts({});
      const starts = all.map(({ bucketMs }) => bucketMs);
      expect(Math.min(...starts)).toBeGreaterThanOrEqual(window.from.getTime());
      expect(Math.max(...starts)).toBeLessThan(window.to.getTime());
      for (const start of starts) expect((start - window.from.getTime()) % (STEP_SECONDS * 1_000)).toBe(0);
      const middle = all.filter(({ bucketMs }) => bucketMs === window.from.getTime() + 5 * 60_000);
      const by = Object.fromEntries(middle.map(({ level, count }) => [String(level), count]));
      expect(by).toMatchObject({ error: 1, warn: 1, debug: 1 });
      const sum = (rows: { count: number }[]) => rows.reduce((total, { count }) => total + count, 0);
      // a line on the edge of a step may be counted on either side of it
      expect(Math.abs(sum(all) - LINES)).toBeLessThanOrEqual(1);
      expect(sum(await counts({ terms: [text("burst")] }))).toBe(30);
      expect(sum(await counts({ minSeverity: 17 }))).toBe(1);
    });

    it("shows a line between those of the same instance", async () => {
      const { id } = await refused();
      const { data } = await under.source.around({ lineId: id, before: 3, after: 5 });
      expect(data.map(({ body }) => body)).toContain("Payment REFUSED by (bank).");
      expect(data.every(({ instance }) => instance === "b")).toBe(true);
      expect(data.findIndex((line) => line.id === id)).toBe(3);
      expect(data.map(({ at }) => at)).toEqual(data.map(({ at }) => at).sort());
      const alone = await under.source.around({ lineId: id, before: 0, after: 0 });
      expect(alone.data.map((line) => line.id)).toEqual([id]);
    });

    it("counts the lines of each service and environment", async () => {
      const { data } = await under.source.origins({ window });
      expect(data.toSorted((a, b) => b.lines - a.lines)).toEqual([
        { service: "checkout", environment: "production", lines: 20 * STEPS + 32 },
        { service: "payments", environment: "production", lines: 20 * STEPS },
        { service: "checkout", environment: "staging", lines: 1 },
      ]);
    });

    it("says when it has no such line, and refuses a cursor of another", async () => {
      const around = (lineId: string) => under.source.around({ lineId, before: 1, after: 1 });
      await expect(around("nothing")).rejects.toMatchObject({ code: "NOT_FOUND" });
      const query = { window, filter: filterOf({}), order: "newest-first" as const, limit: 5, cursor: "nonsense" };
      await expect(under.source.lines(query)).rejects.toMatchObject({ code: "INVALID" });
    });
  });
}
