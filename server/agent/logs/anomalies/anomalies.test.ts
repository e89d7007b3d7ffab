import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Anomaly, LogHistory, PatternHistory, ServiceHistory } from "./anomaly.ts";
import { findBrokenSequences } from "./broken-sequences.ts";
import { findBursts } from "./bursts.ts";
import { findAnomalies } from "./index.ts";
import { countEnds, countSteps, createSequenceCounts, END, type SequenceCounts } from "./sequences.ts";

const FROM = Date.parse("2026-11-25T10:00:00Z");
const MINUTE = 60_000;
const flat = (count: number, buckets = 60): number[] => new Array<number>(buckets).fill(count);
/** zero but for some buckets */
const only = (given: Record<number, number>): number[] => flat(0).map((_, i) => given[i] ?? 0);
const from = (start: number, count: number): number[] => flat(0).map((_, i) => (i >= start ? count : 0));
const until = (end: number, count: number): number[] => flat(0).map((_, i) => (i < end ? count : 0));

const patternOf = (given: Partial<PatternHistory>): PatternHistory => ({
  ...{ patternId: "7", template: "payment <*> refused", service: "shop", environment: "prod", level: "error" },
  ...{ firstSeenMs: FROM - 86_400_000, counts: flat(0), before: flat(0), earlierDays: [] },
  ...given,
});
const serviceOf = (given: Partial<ServiceHistory> = {}): ServiceHistory => ({
  ...{ service: "shop", environment: "prod", runningSinceMs: null, lines: flat(100), linesBefore: flat(100) },
  ...{ errors: flat(0), errorsBefore: flat(0) },
  ...given,
});
const find = (patterns: PatternHistory[], service = serviceOf(), grid = {}): Anomaly[] => {
  const history: LogHistory = {
    grid: { fromMs: FROM, stepMs: MINUTE, buckets: 60, ...grid },
    patterns,
    services: [service],
  };
  return findAnomalies(history);
};
const kindsOf = (found: Anomaly[]) => found.map(({ kind }) => kind);

describe("new patterns", () => {
  const fresh = { firstSeenMs: FROM + 5 * MINUTE };

  it("are those absent before, with the counts and what they are of", () => {
    const [found, ...others] = find([patternOf({ ...fresh, counts: from(5, 6) })]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      ...{
        kind: "new",
        severity: "critical",
        atMs: FROM + 5 * MINUTE,
        patternId: "7",
        service: "shop",
        level: "error",
      },
      evidence: { count: 330, lines: 6_000, share: 0.055, countBefore: 0, linesBefore: 6_000 },
      sentence:
        '"payment … refused" is new: 330 lines of shop in prod (5.5 % of 6\u00a0000), none of 6\u00a0000 in the 1 h before',
    });
  });

  it.each<[string, Partial<PatternHistory>, Partial<ServiceHistory>, string | null]>([
    ["one line of an error", { counts: only({ 9: 1 }) }, {}, "warning"],
    ["one line of a fatal error", { counts: only({ 9: 1 }), level: "fatal" }, {}, "critical"],
    ["four lines of information", { counts: only({ 9: 4 }), level: "info" }, {}, null],
    ["six lines of information", { counts: only({ 9: 6 }), level: "info" }, {}, "info"],
    [
      "six lines where little was known",
      { counts: only({ 9: 6 }), level: "info" },
      { linesBefore: only({ 59: 100 }) },
      null,
    ],
    ["an error where nothing was known", { counts: only({ 9: 6 }) }, { linesBefore: flat(0) }, null],
    ["an error that was seen in the hour before", { counts: only({ 9: 6 }), before: only({ 1: 1 }) }, {}, null],
    ["an error first seen days ago", { counts: only({ 9: 6 }), firstSeenMs: FROM - 1 }, {}, null],
  ])("%s", (_, pattern, service, severity) => {
    const found = find([patternOf({ ...fresh, ...pattern })], serviceOf(service));
    expect(found.map((one) => [one.kind, one.severity])).toEqual(severity === null ? [] : [["new", severity]]);
  });

  it("are compared with the time before as far as it was recorded, and say how long that was", () => {
    const service = serviceOf({ linesBefore: from(55, 100) });
    expect(find([patternOf({ ...fresh, counts: only({ 9: 3 }) })], service)[0]?.sentence).toMatch(
      /is new: 3 lines of shop in prod .*, none of 500 in the 5 min before$/,
    );
    const more = { counts: flat(6), before: from(55, 1), level: "warn" as const };
    expect(find([patternOf(more)], service)[0]?.sentence).toMatch(/ in the 5 min before \(5 of 500\)/);
  });

  it("of a service that just began to log are those that came later, not those it began with", () => {
    const service = serviceOf({ linesBefore: flat(0), lines: from(40, 60) });
    const began = patternOf({ ...fresh, patternId: "began", counts: from(40, 3) });
    const came = patternOf({ ...fresh, patternId: "came", counts: from(58, 3) });
    const once = patternOf({ ...fresh, patternId: "once", counts: only({ 45: 1 }) });
    expect(find([began, came, once], service)).toMatchObject([
      {
        ...{ kind: "new", patternId: "came", severity: "critical" },
        evidence: { count: 6, lines: 120, linesBefore: 1_080 },
        sentence:
          '"payment … refused" is new: 6 lines of shop in prod (5 % of 120 since it came), none of 1\u00a0080 in the 18 min before',
      },
    ]);
  });
});

describe("emerging patterns", () => {
  it("have at least three times the share, with both counts", () => {
    const [found, ...others] = find([patternOf({ counts: flat(6), before: flat(1), level: "warn" })]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      ...{ kind: "emerging", severity: "warning", atMs: FROM },
      evidence: { count: 360, lines: 6_000, countBefore: 60, linesBefore: 6_000, ratio: 6 },
      sentence:
        '"payment … refused": 6 % of the lines of shop in prod (360 of 6\u00a0000), 1 % in the 1 h before (60 of 6\u00a0000), 6 times the share',
    });
  });

  it.each<[string, Partial<PatternHistory>, Partial<ServiceHistory>, boolean]>([
    ["1 → 3 lines", { counts: only({ 1: 1, 20: 1, 40: 1 }), before: only({ 5: 1 }) }, {}, false],
    ["6 → 24 lines", { counts: from(36, 1), before: only({ 1: 1, 11: 1, 21: 1, 31: 1, 41: 1, 51: 1 }) }, {}, true],
    ["twice the share", { counts: flat(4), before: flat(2) }, {}, false],
    ["as many lines while the others went away", { counts: flat(2), before: flat(2) }, { lines: flat(10) }, false],
    ["nothing before, from the middle of the window on", { counts: from(30, 2) }, {}, true],
    ["nothing before, a canary that grows", { counts: from(50, 1).map((n, i) => n * (i - 48)) }, {}, true],
    [
      "three clumps of twelve where there was one",
      { counts: only({ 5: 12, 25: 12, 45: 12 }), before: only({ 30: 12 }) },
      {},
      false,
    ],
    ["what is usual at this time of day", { counts: flat(6), earlierDays: [flat(5)] }, {}, false],
    ["what was not at this time of day", { counts: flat(6), earlierDays: [flat(0), flat(1)] }, {}, true],
    ["a service that said nothing before", { counts: flat(6) }, { linesBefore: flat(0) }, false],
  ])("%s", (_, pattern, service, emerges) => {
    const found = find([patternOf({ level: "info", ...pattern })], serviceOf(service));
    expect(kindsOf(found)).toEqual(emerges ? ["emerging"] : []);
  });

  it("are critical when they are errors and ten times as frequent", () => {
    expect(find([patternOf({ counts: flat(12), before: flat(1) })])[0]?.severity).toBe("critical");
    expect(find([patternOf({ counts: flat(6), before: flat(1) })])[0]?.severity).toBe("warning");
  });
});

describe("vanished patterns", () => {
  const heartbeat = { level: "info", before: flat(2), counts: until(40, 2), template: "heartbeat <*>" } as const;

  it("say how long they are silent and how often they came", () => {
    expect(find([patternOf(heartbeat)])).toMatchObject([
      {
        ...{ kind: "vanished", severity: "warning", atMs: FROM + 40 * MINUTE },
        evidence: { silentSeconds: 1_200, intervalSeconds: 30, countBefore: 120, missed: 40, serviceLines: 2_000 },
        sentence:
          '"heartbeat …" is gone for 20 min: it came every 30 s (120 lines in the 1 h before), and shop in prod logged 2\u00a0000 other lines meanwhile',
      },
    ]);
  });

  it.each<[string, Partial<PatternHistory>, Partial<ServiceHistory>, boolean]>([
    ["silent for four intervals", { before: flat(1), counts: until(56, 1) }, {}, false],
    ["silent for five", { before: flat(1), counts: until(55, 1) }, {}, true],
    ["silent all the window long", { counts: flat(0) }, {}, true],
    ["silent in the middle only", { counts: [...until(20, 2).slice(0, 40), ...flat(2, 20)] }, {}, false],
    ["silent with its whole service", {}, { lines: until(40, 100) }, false],
    ["silent with its whole service, which runs", {}, { lines: until(40, 100), runningSinceMs: FROM }, true],
    [
      "silent with its whole service, which has just been started",
      {},
      { lines: until(40, 100), runningSinceMs: FROM + 58 * MINUTE },
      false,
    ],
    ["in half of the buckets", { before: flat(2).map((n, i) => (i % 2 ? n : 0)), counts: flat(0) }, {}, false],
    ["that came in clumps", { before: flat(1).map((n, i) => (i % 6 ? n : 60)), counts: flat(0) }, {}, false],
    [
      "that came with traffic, and there was little",
      { before: [1, 5, 2, 4, 3, 1].flatMap((n) => flat(n, 10)), counts: until(50, 3) },
      { lines: [...flat(100, 50), ...flat(5, 10)] },
      false,
    ],
    [
      "that came with traffic, and there was as much",
      { before: flat(0).map((_, i) => [1, 5, 2, 4, 3, 1, 4, 2, 5, 3][i % 10] ?? 0), counts: until(45, 3) },
      {},
      true,
    ],
  ])("%s", (_, pattern, service, gone) => {
    const found = find([patternOf({ ...heartbeat, ...pattern })], serviceOf(service));
    expect(kindsOf(found)).toEqual(gone ? ["vanished"] : []);
  });
});

describe("bursts", () => {
  it("are neighbouring buckets with their peak", () => {
    const counts = flat(2).map((n, i) => (i === 30 ? 40 : i === 31 ? 60 : i === 33 ? 30 : n));
    expect(find([patternOf({ counts, before: flat(2), level: "info" })])).toMatchObject([
      {
        ...{ kind: "burst", severity: "info", atMs: FROM + 30 * MINUTE },
        evidence: {
          count: 132,
          peak: 60,
          peakAt: "2026-11-25T10:31:00.000Z",
          buckets: 4,
          usual: 2,
          comparedWith: "other buckets",
        },
        sentence:
          '"payment … refused": 132 lines of shop in prod in 4 min, at the peak 60 in 60 s; 2 are usual otherwise',
      },
    ]);
  });

  const peaked = (peak: number, usual = 4) => flat(usual).map((n, i) => (i === 30 ? peak : n));
  const begun = (at: number, usual: number) => flat(0).map((_, i) => (i >= at ? usual : 0));
  it.each<[string, Partial<PatternHistory>, boolean]>([
    ["9 where there are none", { counts: peaked(9, 0) }, false],
    ["20 where there are none", { counts: peaked(20, 0), before: flat(0) }, false],
    ["40 where there are none", { counts: peaked(40, 0), before: flat(0) }, true],
    ["12 where 4 are usual", { counts: peaked(12) }, false],
    ["30 where 4 are usual", { counts: peaked(30) }, true],
    ["1,200 where 1,000 are usual", { counts: peaked(1_200, 1_000), before: flat(1_000) }, false],
    ["clumps as there were before", { counts: peaked(30, 0), before: flat(0).map((_, i) => (i % 12 ? 0 : 25)) }, false],
    ["what happened in the hour before, too", { counts: peaked(30), before: peaked(31) }, false],
    ["what happens at this hour of every day", { counts: peaked(30), earlierDays: [peaked(31), peaked(28)] }, false],
    ["what is unusual at this hour", { counts: peaked(60, 5), earlierDays: [flat(4), flat(5), flat(4)] }, true],
    ["most of the window", { counts: until(40, 60), before: flat(30) }, false],
    ["a service that has just begun", { counts: begun(58, 900), before: flat(0) }, false],
  ])("%s", (_, pattern, bursts) => {
    const found = find([patternOf({ level: "info", before: flat(4), ...pattern })]);
    expect(kindsOf(found).includes("burst")).toBe(bursts);
  });

  it("are found of a service that began a while ago, against what is usual since", () => {
    const counts = begun(30, 4).map((n, i) => (i === 50 ? 60 : n));
    const found = findBursts({ fromMs: FROM, stepMs: MINUTE, buckets: 60 }, [
      patternOf({ level: "info", counts, before: flat(0) }),
    ]);
    expect(found).toMatchObject([{ atMs: FROM + 50 * MINUTE, evidence: { peak: 60, usual: 4 } }]);
  });
});

describe("changes of the error ratio", () => {
  it("are found where they happened, with both ratios and their bases", () => {
    const errors = flat(0).map((_, i) => (i >= 20 ? 6 : i % 4 === 0 ? 1 : 0));
    const errorsBefore = flat(0).map((_, i) => (i % 4 === 0 ? 1 : 0));
    expect(find([], serviceOf({ errors, errorsBefore }))).toMatchObject([
      {
        ...{ kind: "error-ratio", severity: "critical", atMs: FROM + 20 * MINUTE, patternId: null },
        evidence: {
          errorsBefore: 20,
          linesBefore: 8_000,
          ratioBefore: 0.0025,
          errorsAfter: 240,
          linesAfter: 4_000,
          ratioAfter: 0.06,
        },
        sentence: "error lines of shop in prod rose from 0.25 % (20 of 8\u00a0000) to 6 % (240 of 4\u00a0000)",
      },
    ]);
  });

  it("come in pairs when it is over", () => {
    const errors = flat(0).map((_, i) => (i >= 20 && i < 30 ? 8 : 0));
    const found = find([], serviceOf({ errors }));
    expect(found.map(({ severity, atMs }) => [severity, (atMs - FROM) / MINUTE])).toEqual([
      ["critical", 20],
      ["info", 30],
    ]);
  });

  it.each<[string, Partial<ServiceHistory>]>([
    ["a steady ratio", { errors: flat(3), errorsBefore: flat(3) }],
    ["more errors with more lines", { errors: flat(9), lines: flat(300), errorsBefore: flat(3) }],
    [
      "a change too small to matter",
      { errors: flat(40), lines: flat(10_000), errorsBefore: flat(10), linesBefore: flat(10_000) },
    ],
    ["nine errors", { errors: from(51, 1), lines: flat(20), linesBefore: flat(20) }],
    [
      "clumps of errors every ten minutes",
      {
        errors: flat(0).map((_, i) => (i % 10 === 3 ? 30 : 0)),
        errorsBefore: flat(0).map((_, i) => (i % 10 === 7 ? 30 : 0)),
      },
    ],
    ["all errors in one bucket", { errors: only({ 30: 50 }) }],
    ["a change that was over before", { errorsBefore: only({ 10: 9, 11: 9, 12: 9, 13: 9 }) }],
    ["no lines at all", { lines: flat(0), linesBefore: flat(0) }],
  ])("are not found in %s", (_, service) => {
    expect(kindsOf(find([], serviceOf(service)))).toEqual([]);
  });

  it("are found at any bucket and any step that is clear", () => {
    const sizes = fc.record({
      at: fc.integer({ min: 4, max: 56 }),
      low: fc.integer({ min: 0, max: 2 }),
      step: fc.integer({ min: 15, max: 60 }),
    });
    fc.assert(
      fc.property(sizes, ({ at, low, step }) => {
        const errors = flat(low).map((n, i) => (i >= at ? n + step : n));
        const found = find([], serviceOf({ errors, errorsBefore: flat(low) }));
        expect(found.map(({ atMs }) => (atMs - FROM) / MINUTE)).toEqual([at]);
      }),
    );
  });
});

describe("broken sequences", () => {
  const names = new Map([
    ["1", { template: "charging card <*>", level: "info" as const }],
    ["2", { template: "card charged", level: "info" as const }],
    ["3", { template: "card refused", level: "error" as const }],
  ]);
  const countsOf = (ways: Record<string, number>): SequenceCounts => {
    const counts = createSequenceCounts();
    let trace = 0;
    for (const [way, times] of Object.entries(ways))
      for (let i = 0; i < times; i++) {
        const traceId = `t${trace++}`;
        countSteps(
          counts,
          [...way].map((patternId, at) => ({
            traceId,
            service: "shop",
            environment: "prod",
            patternId,
            atMs: FROM + trace * 1_000 + at,
          })),
        );
      }
    countEnds(counts, Number.POSITIVE_INFINITY);
    return counts;
  };

  it("go another way, with what was expected and a trace to look at", () => {
    const found = findBrokenSequences(countsOf({ 12: 188, 13: 12 }), countsOf({ 12: 400 }), names);
    expect(found).toMatchObject([
      {
        ...{ kind: "broken-sequence", severity: "warning", patternId: "3", level: "error", atMs: FROM + 189_001 },
        evidence: {
          traces: 12,
          ofTraces: 200,
          tracesBefore: 0,
          ofTracesBefore: 400,
          after: "1",
          expected: "2",
          exampleTraceId: "t188",
        },
        sentence:
          '12 of 200 traces of shop in prod go from "charging card …" to "card refused"; before 0 of 400 did, usually "card charged" follows (100 %)',
      },
    ]);
  });

  it("end early", () => {
    const [found, ...others] = findBrokenSequences(countsOf({ 12: 190, 1: 10 }), countsOf({ 12: 400, 1: 1 }), names);
    expect(others).toEqual([]);
    expect(found?.sentence).toBe(
      '10 of 200 traces of shop in prod end with "charging card …"; before 1 of 401 did, usually "card charged" follows (99.8 %)',
    );
  });

  it.each<[string, Record<string, number>, Record<string, number>]>([
    ["the same ways", { 12: 100, 13: 5 }, { 12: 400, 13: 20 }],
    ["two odd traces", { 12: 100, 13: 2 }, { 12: 400 }],
    ["a way that nothing was known of", { 12: 100, 13: 20 }, { 12: 10 }],
    ["more repeats", { 12: 100, 1112: 20 }, { 12: 400 }],
  ])("are not %s", (_, now, before) => {
    expect(findBrokenSequences(countsOf(now), countsOf(before), names)).toEqual([]);
  });

  it("do not end while they may go on", () => {
    const counts = createSequenceCounts();
    const step = { service: "shop", environment: "prod", patternId: "1" };
    countSteps(counts, [
      { ...step, traceId: "a", atMs: 1_000 },
      { ...step, traceId: "b", atMs: 9_000 },
    ]);
    countEnds(counts, 5_000);
    expect([...counts.transitions.values()]).toMatchObject([{ from: "1", to: END, count: 1, exampleTraceId: "a" }]);
  });

  it("are counted in bounded memory", () => {
    const counts = createSequenceCounts();
    const steps = function* () {
      for (let i = 0; i < 100_000; i++) {
        const step = { traceId: String(i % 50_000), service: "shop", environment: "prod", atMs: i };
        yield { ...step, patternId: `a${i}` };
        yield { ...step, patternId: `b${i}` };
      }
    };
    countSteps(counts, steps());
    expect([counts.open.size, counts.transitions.size, counts.dropped]).toEqual([20_000, 20_000, 80_000]);
  });
});

describe("all together", () => {
  it("name a pattern once for what is most to be said of it, worst first", () => {
    const counts = flat(0).map((_, i) => (i === 40 ? 90 : i >= 30 ? 2 : 0));
    const found = find(
      [
        patternOf({ patternId: "new", counts, firstSeenMs: FROM + 30 * MINUTE }),
        patternOf({ patternId: "emerging", counts: counts.map((n) => n + 1), level: "info" }),
        patternOf({ patternId: "burst", counts: counts.map((n) => n + 30), before: flat(30), level: "info" }),
      ],
      serviceOf({ errors: counts }),
    );
    expect(found.map(({ kind, patternId, severity }) => [kind, patternId, severity])).toEqual([
      ["new", "new", "warning"],
      ["error-ratio", null, "warning"],
      ["emerging", "emerging", "info"],
      ["burst", "burst", "info"],
    ]);
    const scores = found.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it("are none where nothing is, and numbers that can be written wherever there are some", () => {
    const counts = fc.array(fc.nat({ max: 40 }), { minLength: 12, maxLength: 12 });
    const pattern = fc.record({
      counts,
      before: counts,
      earlierDays: fc.array(counts, { maxLength: 2 }),
      firstSeenMs: fc.integer({ min: FROM - 10, max: FROM + 10 }),
    });
    const service = fc.record({ lines: counts, linesBefore: counts, errors: counts, errorsBefore: counts });
    expect(find([], serviceOf())).toEqual([]);
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 5 }), service, (patterns, totals) => {
        const given = patterns.map((one, i) => patternOf({ ...one, patternId: String(i) }));
        const total = (key: "counts" | "before", least: number[]) =>
          least.map((n, i) => given.reduce((sum, one) => sum + (one[key][i] ?? 0), n));
        const all = {
          ...{ errors: totals.errors, errorsBefore: totals.errorsBefore },
          lines: total(
            "counts",
            totals.lines.map((n, i) => n + (totals.errors[i] ?? 0)),
          ),
          linesBefore: total(
            "before",
            totals.linesBefore.map((n, i) => n + (totals.errorsBefore[i] ?? 0)),
          ),
        };
        for (const { score, evidence, sentence, atMs } of find(given, serviceOf(all), { buckets: 12 })) {
          expect(Number.isFinite(score) && Number.isFinite(atMs)).toBe(true);
          expect(sentence).not.toMatch(/NaN|Infinity|undefined/);
          for (const value of Object.values(evidence))
            expect(typeof value !== "number" || Number.isFinite(value)).toBe(true);
        }
      }),
    );
  });
});
