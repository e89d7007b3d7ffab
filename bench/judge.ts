import { commandLine } from "../scripts/usage.mjs";
import { DEFAULT_RULES } from "../server/agent/deploy/config.ts";
import { judge } from "../server/agent/deploy/judge/index.ts";
import { withPending } from "../server/agent/deploy/judge/pending.ts";
import { dice } from "../server/agent/deploy/judge/samples.ts";
import type { TrafficCounts } from "../server/agent/ports/traffic.ts";
import { BUCKET_COUNT, bucketOf } from "../server/agent/telemetry/histogram.ts";
import { noOutcomes } from "../server/agent/telemetry/outcomes.ts";
import { printReport } from "./harness.ts";
import { judgeCourses } from "./judge-courses.ts";
import { judgeRecorded, wrongOf } from "./judge-recorded.ts";

/**
 * How often the judge is wrong, by traffic and by how much worse the new version is. Made-up traffic: latencies are
 * log-normal around 25 ms with two in a hundred twice as slow, one request in a thousand fails; the canary has 5 % of
 * the requests. `--runs=300` per cell, `--quick` for a fifth of them; `--half=choose` draws with the seeds that limits
 * were chosen with, the default with others. Then the same on traffic recorded of the sample, and whole first steps of
 * canaries, judged as often as an analysis does.
 */
const given = commandLine("bench:judge");
const runs = given.number("runs");
const RUNS = given.has("quick") ? Math.ceil(runs / 5) : runs;
const REQUESTS = [100, 200, 500, 1_000, 5_000];
const WEIGHT = 0.05;
const SECONDS = 120;
const BASE_ERRORS = 0.001;
const CHOOSING = given.has("half");
/** clients wait so long for what never answers */
const PATIENCE_MS = 2_000;
/** each is judged many times */
const MOST_COURSES = 40;

/** Shares of each side's requests that are not answered with 2xx. */
interface Ends {
  redirected?: number;
  notFound?: number;
  hanging?: number;
  /** of clients that wait for as long as it takes: they are still there at the end */
  patient?: number;
  upgraded?: number;
}
/** of the old version in every row but those that say otherwise */
const PLAIN: Ends = {};
const USUAL: Ends = { redirected: 0.1, notFound: 0.03, hanging: 0.002 };

interface Effect {
  effect: string;
  bad: boolean | null;
  errors: number;
  slow: number;
  share: number;
  old?: Ends;
  ends?: Ends;
}
const same = { errors: 0, slow: 1, share: 0 };
const EFFECTS: Effect[] = [
  { effect: "none", bad: false, errors: 0, slow: 1, share: 0 },
  { effect: "errors +0.5 points", bad: true, errors: 0.005, slow: 1, share: 0 },
  { effect: "errors +1 point", bad: true, errors: 0.01, slow: 1, share: 0 },
  { effect: "errors +2 points", bad: true, errors: 0.02, slow: 1, share: 0 },
  { effect: "errors +5 points", bad: true, errors: 0.05, slow: 1, share: 0 },
  { effect: "all 10 % slower", bad: false, errors: 0, slow: 1.1, share: 1 },
  { effect: "all 50 % slower", bad: true, errors: 0, slow: 1.5, share: 1 },
  { effect: "all twice as slow", bad: true, errors: 0, slow: 2, share: 1 },
  { effect: "1 in 5 twice as slow", bad: true, errors: 0, slow: 2.2, share: 0.2 },
  // just what is allowed: neither verdict is wrong
  { effect: "all 20 % slower", bad: null, errors: 0, slow: 1.2, share: 1 },
  { effect: "none, 3xx, 4xx and leaving as usual", bad: false, ...same, old: USUAL, ends: USUAL },
  { effect: "404s of before are gone", bad: false, ...same, old: { notFound: 0.3 }, ends: {} },
  { effect: "1 in 4 never answered", bad: true, ...same, ends: { hanging: 0.25 } },
  { effect: "404 for a third", bad: true, ...same, ends: { notFound: 1 / 3 } },
  { effect: "307 for all", bad: true, ...same, ends: { redirected: 1 } },
  { effect: "404 +5 points on 3 %", bad: true, ...same, old: USUAL, ends: { ...USUAL, notFound: 0.08 } },
  { effect: "1 in 4 never answered, clients patient", bad: true, ...same, ends: { patient: 0.25 } },
  { effect: "upgrades as usual", bad: false, ...same, old: { upgraded: 0.5 }, ends: { upgraded: 0.5 } },
  { effect: "half of the upgrades lost", bad: true, ...same, old: { upgraded: 0.5 }, ends: { upgraded: 0.25 } },
];

/** How a request ends that does not fail. */
function endOf(ends: Ends, random: () => number) {
  const { redirected = 0, notFound = 0, hanging = 0, patient = 0, upgraded = 0 } = ends;
  const shares = [
    ["clientLeft", hanging],
    ["status4xx", notFound],
    ["status3xx", redirected],
    ["patient", patient],
    ["upgraded", upgraded],
  ] as const;
  let drawn = Object.keys(ends).length > 0 ? random() : 1;
  for (const [end, share] of shares) {
    if (drawn < share) return end;
    drawn -= share;
  }
  return "status2xx" as const;
}

const addTo = (histogram: number[], ms: number) => {
  const index = bucketOf(ms);
  histogram[index] = (histogram[index] ?? 0) + 1;
};

const T0 = Date.parse("2026-03-01T10:00:00Z");

function bucketsOf(
  version: string,
  requests: number,
  random: () => number,
  effect: Effect | null,
  ends: Ends,
): TrafficCounts[] {
  const buckets = Array.from({ length: SECONDS / 2 }, (_, i) => ({
    ...{ service: "a", environment: "b", version, bucketAt: new Date(T0 + i * 2_000).toISOString() },
    ...noOutcomes(),
    latency: new Array<number>(BUCKET_COUNT).fill(0),
    usage: { cpuMs: 0, memoryBytes: 5e7 * (0.98 + random() * 0.04), instances: 1, inFlight: 0, errorLines: 0 },
  }));
  const pending = new Array<number>(BUCKET_COUNT).fill(0);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (let i = 0; i < requests; i++) {
    const bucket = buckets[Math.floor(random() * buckets.length)];
    if (!bucket) continue;
    const end = endOf(ends, random);
    if (end === "patient") {
      addTo(pending, (SECONDS - 2 * buckets.indexOf(bucket)) * 1_000);
      continue;
    }
    const failed = random() < BASE_ERRORS + (effect?.errors ?? 0);
    let ms = 25 * Math.exp(0.15 * normal()) * (random() < 0.02 ? 2 : 1);
    if (effect && random() < effect.share) ms *= effect.slow;
    bucket.requests++;
    if (failed) bucket.usage.errorLines++;
    bucket[failed ? "status5xx" : end]++;
    if (!failed && end === "clientLeft") addTo(bucket.leftAfter, PATIENCE_MS);
    if (!failed && (end === "clientLeft" || end === "upgraded")) continue;
    bucket.usage.cpuMs += 1.5 + random();
    bucket.usage.inFlight += ms / 2_000;
    addTo(bucket.latency, ms);
  }
  return buckets.map((bucket, i) => (i === buckets.length - 1 ? { ...bucket, pending } : bucket));
}

const results: Record<string, string | number>[] = [];
const alarms = new Map<string, { failed: number; runs: number }>();
for (const effect of EFFECTS)
  for (const requests of REQUESTS) {
    const seen = { pass: 0, fail: 0, inconclusive: 0, error: 0 };
    for (let run = 0; run < RUNS; run++) {
      const random = dice((run * 2 + (CHOOSING ? 0 : 1)) * 7_919 + requests + EFFECTS.indexOf(effect) * 1_000_003);
      const total = Math.round(requests / WEIGHT) - requests;
      const baseline = bucketsOf("1.0.0", total, random, null, effect.old ?? PLAIN);
      const candidate = bucketsOf("1.1.0", requests, random, effect, effect.ends ?? effect.old ?? PLAIN);
      const { result } = judge({
        ...{ baselineVersion: "1.0.0", candidateVersion: "1.1.0", minRequests: Math.min(requests, 100) },
        ...{ from: new Date(T0).toISOString(), to: new Date(T0 + SECONDS * 1_000).toISOString() },
        ...{ baseline: withPending(baseline), candidate: withPending(candidate, baseline) },
        rules: DEFAULT_RULES.analysis,
        dependents: [],
        ...{ leftOut: { baseline: 0, candidate: 0 }, failingPercent: 10 },
      });
      seen[result.verdict]++;
    }
    const before = alarms.get(effect.effect) ?? { failed: 0, runs: 0 };
    alarms.set(effect.effect, { failed: before.failed + seen.fail, runs: before.runs + RUNS });
    const percent = (count: number) => `${((count / RUNS) * 100).toFixed(1)} %`;
    results.push({
      "new version": effect.effect,
      "its requests": requests,
      failed: percent(seen.fail),
      "not sure": percent(seen.inconclusive),
      passed: percent(seen.pass),
      wrong: wrongOf(effect.bad, seen),
    });
  }

const alarmsOn = (effect: string, most: number) => {
  const { failed, runs } = alarms.get(effect) ?? { failed: 0, runs: 0 };
  return { measured: `${failed} of ${runs}`, met: runs > 0 && failed / runs < most };
};

const cell = (effect: string, requests: number) =>
  results.find((row) => row["new version"] === effect && row["its requests"] === requests);
const recorded = judgeRecorded(RUNS >= 100 ? 100 : RUNS);
const courses = judgeCourses(Math.min(MOST_COURSES, RUNS), CHOOSING);
printReport({
  name: "judge",
  results: [...results, ...recorded.rows, ...courses.rows],
  targets: [
    {
      target: "false alarms on a version like the old one: under 1 %",
      ...alarmsOn("none", 0.01),
    },
    {
      target: "false alarms on a version 10 % slower, which is allowed: under 2 %",
      ...alarmsOn("all 10 % slower", 0.02),
    },
    {
      target: "false alarms where 3xx, 4xx and clients that leave are usual: under 1 %",
      ...alarmsOn("none, 3xx, 4xx and leaving as usual", 0.01),
    },
    {
      target: "false alarms on a version without the 404s of before: under 1 %",
      ...alarmsOn("404s of before are gone", 0.01),
    },
    {
      target: "false alarms where half of the requests are upgraded as usual: under 1 %",
      ...alarmsOn("upgrades as usual", 0.01),
    },
    ...["1 in 4 never answered", "1 in 4 never answered, clients patient", "404 for a third", "307 for all"].map(
      (effect) => ({
        target: `${effect}, 100 requests: failed at least 99 %`,
        measured: String(cell(effect, 100)?.failed),
        met: Number.parseFloat(String(cell(effect, 100)?.failed)) >= 99,
      }),
    ),
    ...["errors +5 points", "all twice as slow", "1 in 5 twice as slow"].map((effect) => ({
      target: `${effect}, 500 requests: failed at least 99 %`,
      measured: String(cell(effect, 500)?.failed),
      met: Number.parseFloat(String(cell(effect, 500)?.failed)) >= 99,
    })),
    ...recorded.targets,
    ...courses.targets,
  ],
});
