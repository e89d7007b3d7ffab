import { describe, expect, it } from "vitest";
import { type Metric, metricRows } from "./metric-rows.ts";

const metric = (change: Partial<Metric>): Metric => ({
  ...{ name: "latencyP95", label: "p95 latency", unit: "ms", baseline: 228, candidate: 269, difference: 41 },
  counts: null,
  ...{ ratio: 0.18, certainty: "sure", better: "worse", sentence: "p95 latency 228 ms → 269 ms, sure" },
  ...change,
});
const spaced = (text: string | undefined) => text?.replaceAll("\u00a0", " ");

describe("the comparison as rows", () => {
  it("says both values, the difference and how sure it is", () => {
    const [row] = metricRows([metric({})]);
    expect([row?.label, row?.baseline, row?.candidate, row?.difference].map(spaced)).toEqual([
      "p95 latency",
      "228 ms",
      "269 ms",
      "+41 ms (+18 %)",
    ]);
    expect(row).toMatchObject({ certainty: "sure", verdict: "worse", why: null });
  });

  it.each([
    { what: { unit: "percent", difference: 4.8, ratio: 12 }, words: "+4.8 points" },
    { what: { unit: "bytes", difference: -2_097_152, ratio: -0.1 }, words: "−2 MiB (−10 %)" },
    { what: { unit: "ms", difference: 41, ratio: null }, words: "+41 ms" },
    { what: { unit: "perSecond", difference: -1.5, ratio: -0.5 }, words: "−1.5/s (−50 %)" },
    { what: { unit: "count", difference: 0, ratio: 0 }, words: "none" },
    { what: { unit: "ms", difference: null, ratio: null }, words: "–" },
  ] as const)("writes the difference $words", ({ what, words }) => {
    expect(spaced(metricRows([metric(what)])[0]?.difference)).toBe(words);
  });

  it("gives the counts that a share is of, and calls nothing no difference that may be one", () => {
    const counts = { baseline: { events: 0, total: 976 }, candidate: { events: 4, total: 61 } };
    const shares = { unit: "percent", baseline: 0, candidate: 6.56, difference: 6.56, ratio: null, counts } as const;
    const [share] = metricRows([metric(shares)]);
    expect([share?.baseline, share?.candidate].map(spaced)).toEqual(["0 % (0 of 976)", "6.56 % (4 of 61)"]);
    const [lines] = metricRows([metric({ ...shares, unit: "count" })]);
    expect(lines?.candidate).toBe("6.56 (4 in 61)");
    const open = { certainty: "unsure", better: "unsure" } as const;
    expect(metricRows([metric(open)])[0]).toMatchObject({ verdict: "unsure", certainty: "may be chance" });
    expect(metricRows([metric({ ...open, difference: 0 })])[0]?.certainty).toBe("too little counted");
    const same = metric({ difference: 1, certainty: "unsure", better: "same" });
    expect(metricRows([same])[0]?.certainty).toBe("within what is allowed");
  });

  it("does not say how sure it is of no difference", () => {
    expect(metricRows([metric({ difference: 0, certainty: "unsure", better: "same" })])[0]?.certainty).toBe("–");
  });

  it("puts what is worse first and what is only context last, else keeps the order", () => {
    const rows = metricRows([
      metric({ name: "requestRate", better: "unknown" }),
      metric({ name: "a", better: "unknown" }),
      metric({ name: "b", better: "same" }),
      metric({ name: "c", better: "worse" }),
      metric({ name: "d", better: "better" }),
      metric({ name: "e", better: "worse" }),
    ]);
    expect(rows.map((row) => row.name)).toEqual(["c", "e", "d", "b", "a", "requestRate"]);
  });

  it("gives the reason only where something that counts was not judged", () => {
    const unknown = { certainty: "unknown", better: "unknown" } as const;
    const rows = metricRows([
      metric({
        ...unknown,
        sentence: "p95 latency 1,040 ms → 1,041 ms: +1 ms (+0.1 %), too few requests to tell (12)",
      }),
      metric({ ...unknown, sentence: "p95 latency: known of one version only" }),
      metric({ ...unknown, name: "instances", sentence: "instances 2 → 3: +1 (+50 %)" }),
    ]);
    expect(rows.map((row) => row.why)).toEqual(["too few requests to tell (12)", "known of one version only", null]);
  });
});
