import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_RULES } from "../server/agent/deploy/config.ts";
import type { Verdict } from "../server/agent/deploy/judge/analysis-schema.ts";
import { judge } from "../server/agent/deploy/judge/index.ts";
import { dice, thin } from "../server/agent/deploy/judge/samples.ts";
import type { TrafficCounts, VersionUsage } from "../server/agent/ports/traffic.ts";
import { BUCKET_COUNT } from "../server/agent/telemetry/histogram.ts";
import { noOutcomes } from "../server/agent/telemetry/outcomes.ts";

/** The judge on traffic recorded of the sample's checkout: made by `bench/record-traffic.ts`. */
export const RECORDED_FILE = join(import.meta.dirname, "fixtures/checkout-traffic.json");

/** second of the recording, requests, answers with 5xx, latency as pairs of bucket and count, usage */
type Packed = [number, number, number, number[], VersionUsage];
interface Recording {
  old: string;
  /** per new version, both versions' two seconds side by side */
  versions: Record<string, { old: Packed[]; fresh: Packed[] }>;
}

const pack = (row: TrafficCounts, from: number): Packed => {
  const pairs = row.latency.flatMap((count, index) => (count > 0 ? [index, count] : []));
  const { usage } = row;
  const three = (value: number | null) => (value === null ? null : Number(value.toPrecision(5)));
  return [
    (Date.parse(row.bucketAt) - from) / 1_000,
    ...([row.requests, row.status5xx, pairs] as const),
    {
      ...usage,
      cpuMs: three(usage.cpuMs),
      memoryBytes: three(usage.memoryBytes),
      inFlight: three(usage.inFlight),
    },
  ];
};

/** What is kept of a recording. */
export function packed(old: string, recorded: Record<string, TrafficCounts[]>): Recording {
  const versions = Object.entries(recorded).map(([version, rows]) => {
    const from = Math.min(...rows.map((row) => Date.parse(row.bucketAt)));
    const of = (name: string) => rows.filter((row) => row.version === name).map((row) => pack(row, from));
    return [version, { old: of(old), fresh: of(version) }] as const;
  });
  return { old, versions: Object.fromEntries(versions) };
}

const BLOCK_SECONDS = 10;
const WINDOW_SECONDS = 60;
/** of the new version in a window, on average: a canary's; a window with fewer than the least is drawn again */
const CANARY_REQUESTS = 550;
const LEAST_REQUESTS = 500;
const MOST_DRAWS = 100;
const T0 = Date.parse("2026-03-01T10:00:00Z");

const latencyOf = (pairs: readonly number[]): number[] => {
  const latency = new Array<number>(BUCKET_COUNT).fill(0);
  for (let i = 0; i < pairs.length; i += 2) latency[pairs[i] ?? 0] = pairs[i + 1] ?? 0;
  return latency;
};

/** A window drawn with whole blocks of the recording, so that neighbours stay neighbours (a block bootstrap). */
function draw(
  rows: readonly Packed[],
  version: string,
  blocks: readonly number[],
  share: number,
  random: () => number,
) {
  const some = (count: number) => Array.from({ length: count }).filter(() => random() < share).length;
  return blocks.flatMap((block, place) =>
    rows
      .filter(([second]) => second >= block && second < block + BLOCK_SECONDS)
      .map(([second, requests, errors, pairs, usage]): TrafficCounts => {
        const failed = share === 1 ? errors : some(errors);
        const fine = share === 1 ? requests - errors : some(requests - errors);
        return {
          ...noOutcomes(),
          ...{ service: "checkout", environment: "production", version },
          bucketAt: new Date(T0 + (place * BLOCK_SECONDS + second - block) * 1_000).toISOString(),
          ...{ requests: failed + fine, status2xx: fine, status3xx: 0, status4xx: 0, status5xx: failed },
          latency: share === 1 ? latencyOf(pairs) : thin(latencyOf(pairs), failed + fine, random),
          usage: {
            ...usage,
            cpuMs: usage.cpuMs === null ? null : usage.cpuMs * share,
            inFlight: usage.inFlight === null ? null : usage.inFlight * share,
            errorLines: usage.errorLines === null ? null : Math.min(usage.errorLines, failed),
          },
        };
      }),
  );
}

interface Drawn {
  old: string;
  version: string;
  /** of the recording */
  seconds: number;
  /** of the recorded requests of the new version */
  share: number;
}

/** Both sides of one window, in which the new version has the requests that a judgement needs. */
function drawWindow(
  sides: Recording["versions"][string],
  { old, version, seconds, share }: Drawn,
  random: () => number,
): { baseline: TrafficCounts[]; candidate: TrafficCounts[] } {
  const starts = Math.floor(seconds / BLOCK_SECONDS);
  for (let i = 0; i < MOST_DRAWS; i++) {
    const blocks = Array.from(
      { length: WINDOW_SECONDS / BLOCK_SECONDS },
      () => Math.floor(random() * starts) * BLOCK_SECONDS,
    );
    const baseline = draw(sides.old, old, blocks, 1, random);
    const candidate = draw(sides.fresh, version, blocks, share, random);
    if (candidate.reduce((sum, row) => sum + row.requests, 0) >= LEAST_REQUESTS) return { baseline, candidate };
  }
  throw new Error(`the recording of ${version} has too few requests for a window of ${LEAST_REQUESTS}`);
}

/** How many of `runs` windows come to each verdict, per new version. */
export function judgeWindows(runs: number): Record<string, Record<Verdict, number>> {
  const { old, versions } = JSON.parse(readFileSync(RECORDED_FILE, "utf8")) as Recording;
  const counts = Object.entries(versions).map(([version, sides], place) => {
    const seen = { pass: 0, fail: 0, inconclusive: 0, error: 0 };
    const seconds = Math.max(...sides.fresh.map(([second]) => second)) + 2;
    const total = sides.fresh.reduce((sum, [, requests]) => sum + requests, 0);
    const share = Math.min(1, CANARY_REQUESTS / ((total / seconds) * WINDOW_SECONDS));
    for (let run = 0; run < runs; run++) {
      const { result } = judge({
        ...{ baselineVersion: old, candidateVersion: version, minRequests: LEAST_REQUESTS, dependents: [] },
        ...{ from: new Date(T0).toISOString(), to: new Date(T0 + WINDOW_SECONDS * 1_000).toISOString() },
        ...drawWindow(sides, { old, version, seconds, share }, dice(run * 7_919 + place * 1_000_003 + 1)),
        rules: DEFAULT_RULES.analysis,
        ...{ leftOut: { baseline: 0, candidate: 0 }, failingPercent: 10 },
      });
      seen[result.verdict]++;
    }
    return [version, seen] as const;
  });
  return Object.fromEntries(counts);
}

const WANTED: Record<string, { verdict: Verdict; what: string }> = {
  "2.4.1": { verdict: "pass", what: "recorded: 2.4.1, good" },
  "2.5.0": { verdict: "fail", what: "recorded: 2.5.0, 1 in 20 fails" },
  "2.6.0": { verdict: "fail", what: "recorded: 2.6.0, p95 doubles" },
};

/** What a row got wrong: a failure where nothing bad was there, a pass where it was; null: neither is wrong. */
export function wrongOf(bad: boolean | null, seen: { fail: number; pass: number }): string {
  if (bad === false && seen.fail > 0) return `false alarms: ${seen.fail}`;
  return bad === true && seen.pass > 0 ? `missed: ${seen.pass}` : "";
}

/** The same for the table of `bench/judge.ts`. */
export function judgeRecorded(runs: number) {
  const windows = judgeWindows(runs);
  const percent = (count: number) => `${((count / runs) * 100).toFixed(1)} %`;
  return {
    rows: Object.entries(windows).map(([version, seen]) => ({
      "new version": WANTED[version]?.what ?? version,
      "its requests": CANARY_REQUESTS,
      failed: percent(seen.fail),
      "not sure": percent(seen.inconclusive),
      passed: percent(seen.pass),
      wrong: wrongOf(WANTED[version] ? WANTED[version].verdict === "fail" : null, seen),
    })),
    targets: Object.entries(WANTED).map(([version, { verdict, what }]) => ({
      target: `${what}: ${verdict === "pass" ? "passed" : "failed"} at least 99 %`,
      measured: percent(windows[version]?.[verdict] ?? 0),
      met: (windows[version]?.[verdict] ?? 0) >= runs * 0.99,
    })),
  };
}
