import { beforeEach, describe, expect, it } from "vitest";
import { matches } from "#server/testing/match-line.ts";
import { testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { FakeTelemetry } from "../../testing/doubles/fake-telemetry.ts";
import { AppError } from "../kernel/errors.ts";
import type { LogLineRecord, LogSource } from "../ports/log-source.ts";
import type { Answer } from "../ports/source.ts";
import type { LogLevel } from "../ports/telemetry.ts";
import type { Listening } from "./analysis/stream-lines.ts";
import { analyzeLogs, updatePattern } from "./index.ts";
import { parseQuery } from "./query-language.ts";
import { AnalyzeLogsInput, AnalyzeLogsOutput } from "./schema.ts";

/** A source that mines nothing, as Loki: its lines are read and mined for the analysis. */

const database = useDatabase();
const MINUTE = 60_000;
const NOW = Date.parse("2026-03-01T12:00:00.000Z");
const iso = (ms: number): string => new Date(ms).toISOString();

interface Line {
  atMs: number;
  body: string;
  level?: LogLevel;
  traceId?: string;
}

/** Lines made as they are read, by their number: any many of them, none of them held. */
class LineSource implements LogSource {
  readonly info = { kind: "loki" as const, address: "http://loki.test" };
  readonly patternCounts = null;
  pages = 0;
  /** most lines handed out at once */
  largest = 0;
  readonly #count: number;
  readonly #make: (i: number) => Line;

  constructor(count: number, make: (i: number) => Line) {
    this.#count = count;
    this.#make = make;
  }

  #answer<T>(data: T): Answer<T> {
    return { data, source: this.info, asOf: iso(NOW), stale: false };
  }

  #line(i: number): LogLineRecord {
    const { atMs, body, level = "info", traceId = null } = this.#make(i);
    const origin = { service: "checkout", environment: "production", version: "2.4.0", instance: "a" };
    return {
      id: String(i),
      at: iso(atMs),
      ...origin,
      level,
      body,
      attributes: {},
      traceId,
      spanId: null,
      patternId: null,
    };
  }

  /** the number of the first line at or after a time */
  #first(atMs: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#make(middle).atMs < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  lines: LogSource["lines"] = async ({ window, filter, order, limit, cursor }, signal) => {
    signal?.throwIfAborted();
    if (filter.patternId !== undefined) throw new AppError("INVALID", "This source keeps no patterns.");
    if (order !== "oldest-first") throw new Error("an analysis reads the oldest line first");
    this.pages++;
    const to = this.#first(window.to.getTime());
    const lines: LogLineRecord[] = [];
    let at = cursor === undefined ? this.#first(window.from.getTime()) : Number(cursor);
    for (; at < to && lines.length < limit; at++) {
      const line = this.#line(at);
      if (matches(filter, line)) lines.push(line);
    }
    this.largest = Math.max(this.largest, lines.length);
    return this.#answer({ lines, nextCursor: at < to ? String(at) : null });
  };

  counts: LogSource["counts"] = async ({ window, filter, stepSeconds }) => {
    const [fromMs, stepMs] = [window.from.getTime(), stepSeconds * 1_000];
    const counts = new Map<string, { bucketMs: number; level: LogLevel | null; count: number }>();
    for (let i = this.#first(fromMs); i < this.#first(window.to.getTime()); i++) {
      const line = this.#line(i);
      if (!matches(filter, line)) continue;
      const bucketMs = fromMs + Math.floor((Date.parse(line.at) - fromMs) / stepMs) * stepMs;
      const known = counts.get(`${bucketMs} ${line.level}`);
      if (known) known.count++;
      else counts.set(`${bucketMs} ${line.level}`, { bucketMs, level: line.level, count: 1 });
    }
    return this.#answer([...counts.values()]);
  };

  origins: LogSource["origins"] = async () => this.#answer([]);
  around: LogSource["around"] = async () => this.#answer([]);
}

const analyze = async (source: LogSource, more: Record<string, unknown> = {}, listening: Listening = {}) => {
  const ctx = testContext(database, { telemetry: new FakeTelemetry({ logs: source }), now: () => new Date(NOW) });
  const window = { startTime: iso(NOW - 10 * MINUTE), endTime: iso(NOW) };
  return AnalyzeLogsOutput.parse(await analyzeLogs(ctx, AnalyzeLogsInput.parse({ ...window, ...more }), listening));
};

/** so many lines evenly over twenty minutes, the second half of which is the window */
const evenly = (count: number, bodyOf: (i: number, atMs: number) => Omit<Line, "atMs">) => {
  const atOf = (i: number) => NOW - 20 * MINUTE + Math.floor((i * 20 * MINUTE) / count);
  return new LineSource(count, (i) => ({ atMs: atOf(i), ...bodyOf(i, atOf(i)) }));
};
/** orders; in the last five minutes one line in fifty is an error that was not there before */
const failing = (i: number, atMs: number): Omit<Line, "atMs"> =>
  i % 50 === 7 && atMs >= NOW - 5 * MINUTE
    ? { body: `total ${i}.30 of order ${i} is not the sum of its lines`, level: "error" }
    : { body: `order ${i} placed for ${10 + (i % 7)} EUR` };

describe("lines that nobody has mined", () => {
  let source: LineSource;
  beforeEach(() => {
    source = evenly(20_000, failing);
  });

  it("give patterns of which it is said that they are not kept and so cannot be changed", async () => {
    const { patterns } = await analyze(source);
    expect(patterns.map(({ kept }) => kept)).toEqual([false, false]);
    for (const { id } of patterns)
      await expect(updatePattern(testContext(database), { patternId: id, pinned: true })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
  });

  it("are mined as they are read, into the same answer", async () => {
    const told: [number, number][] = [];
    const { totals, totalsBefore, patterns, anomalies, notes } = await analyze(
      source,
      {},
      {
        progress: async (done, total) => void told.push([done, total]),
      },
    );
    expect({ totals, totalsBefore, notes }).toEqual({
      ...{
        totals: { lines: 10_000, errors: 100, warnings: 0 },
        totalsBefore: { lines: 10_000, errors: 0, warnings: 0 },
      },
      notes: [],
    });
    expect(anomalies[0]).toMatchObject({ kind: "new", template: "total <*> of order <*> is not the sum of its lines" });
    expect(patterns.map(({ count, before, level, tags }) => ({ count, before, level, tags }))).toEqual([
      { count: 100, before: 0, level: "error", tags: ["new"] },
      { count: 9_900, before: 10_000, level: "info", tags: [] },
    ]);
    expect(patterns[0]?.samples).toHaveLength(3);
    expect(source.largest).toBeLessThanOrEqual(4_000);
    expect(told.at(-1)).toEqual([20_000, 20_000]);
    expect(told.map(([done]) => done)).toEqual(told.map(([done]) => done).toSorted((a, b) => a - b));
  });

  it("are found by what they have in common, as their patterns are kept nowhere", async () => {
    const first = await analyze(source);
    const { query, count, id } = first.patterns[0]!;
    expect(parseQuery(query).patternId).toBeUndefined();
    expect((await analyze(source, { query })).totals.lines).toBe(count);
    expect((await analyze(source)).patterns[0]?.id).toBe(id);
    expect(first.anomalies[0]?.query).toBe(query);
    expect(JSON.stringify(first.recommendations)).not.toContain("pattern:");
  });

  it("tell traces that break, too", async () => {
    const traced = evenly(6_000, (i, atMs) => {
      const [trace, step] = [Math.floor(i / 3), i % 3];
      const isBroken = atMs >= NOW - 8 * MINUTE && trace % 4 === 0;
      const body = ["checkout begins", "payment is asked for", "checkout is complete"][step] ?? "";
      return { body, ...(isBroken && step === 2 ? {} : { traceId: trace.toString(16).padStart(32, "0") }) };
    });
    const { anomalies } = await analyze(traced);
    expect(anomalies.map(({ kind }) => kind)).toContain("broken-sequence");
  });

  it("stop being read when nobody waits any longer", async () => {
    const stop = new AbortController();
    const progress = async (done: number) => {
      if (done >= 4_000) stop.abort();
    };
    await expect(analyze(source, {}, { signal: stop.signal, progress })).rejects.toThrow(/abort/i);
    expect(source.pages).toBeLessThan(4);
  });
});

describe("more lines than are read at once", () => {
  it("are sampled evenly, estimated from their numbers, and it is said so", async () => {
    const source = evenly(500_000, failing);
    const { totals, patterns, notes, anomalies } = await analyze(source);
    expect(notes.join()).toMatch(/80 % of the 250\u00a0000 in the window were, evenly over it/);
    expect(totals.lines).toBeGreaterThan(249_500);
    expect(totals.lines).toBeLessThan(250_500);
    expect(patterns).toHaveLength(2);
    expect(patterns[0]?.count).toBeGreaterThan(2_400);
    expect(patterns[0]?.count).toBeLessThan(2_600);
    expect(anomalies[0]?.kind).toBe("new");
  }, 60_000);
});
