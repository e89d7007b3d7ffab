import { nextAnalysisAction } from "../server/agent/deploy/analysis/next-action.ts";
import { DEFAULT_RULES } from "../server/agent/deploy/config.ts";
import { judge } from "../server/agent/deploy/judge/index.ts";
import { withPending } from "../server/agent/deploy/judge/pending.ts";
import { dice } from "../server/agent/deploy/judge/samples.ts";
import type { Judgement } from "../server/agent/deploy/run/procedure.ts";
import type { TrafficCounts } from "../server/agent/ports/traffic.ts";
import { bucketOf, emptyHistogram } from "../server/agent/telemetry/histogram.ts";
import { noOutcomes } from "../server/agent/telemetry/outcomes.ts";
import { wrongOf } from "./judge-recorded.ts";

/**
 * The whole first step of a canary, as an analysis lives it: judged every ten seconds until it passes, fails or asks.
 * A rule that is rarely wrong in one look is wrong more often in many.
 */

const T0 = Date.parse("2026-03-01T10:00:00Z");
const STEP_MS = 2_000;
/** of the balancer, whose own pauses of this length or more mark what it counted meanwhile */
const STALL_MARKED_MS = 500;
const PER_SECOND = { "1.0.0": 45, "1.1.0": 5 };
const INSTANCES = { "1.0.0": 2, "1.1.0": 1 };
type Version = keyof typeof PER_SECOND;

interface Course {
  course: string;
  bad: boolean;
  /** times as slow, by seconds since the new version's first request */
  slow?: (second: number) => number;
  errors?: number;
  /** milliseconds that it stands still, from … to …, about every so many seconds */
  machineStalls?: readonly [least: number, most: number, everySeconds: number];
  processStalls?: readonly [least: number, most: number, everySeconds: number];
}

const COURSES: Course[] = [
  { course: "first step: both equal", bad: false },
  {
    course: "first step: both equal, the machine stalls 0.2–1 s every 10 s",
    bad: false,
    machineStalls: [200, 1_000, 10],
  },
  {
    course: "first step: both equal, each process stalls 0.1–0.5 s every 8 s",
    bad: false,
    processStalls: [100, 500, 8],
  },
  { course: "first step: cold: 3× slower for 8 s, then equal", bad: false, slow: (second) => (second < 8 ? 3 : 1) },
  {
    course: "first step: cold: 3× slower for 8 s, each process stalls 0.1–0.5 s every 8 s",
    ...{ bad: false, slow: (second) => (second < 8 ? 3 : 1), processStalls: [100, 500, 8] },
  },
  { course: "first step: 30 % slower", bad: true, slow: () => 1.3 },
  { course: "first step: 50 % slower", bad: true, slow: () => 1.5 },
  { course: "first step: twice as slow", bad: true, slow: () => 2 },
  {
    course: "first step: twice as slow, each process stalls 0.1–0.5 s every 8 s",
    ...{ bad: true, slow: () => 2, processStalls: [100, 500, 8] },
  },
  { course: "first step: errors +5 points from the first request on", bad: true, errors: 0.05 },
];

interface Stall {
  fromMs: number;
  toMs: number;
}

function stallsOf(kind: Course["machineStalls"], untilMs: number, random: () => number): Stall[] {
  const stalls: Stall[] = [];
  if (kind === undefined) return stalls;
  const [least, most, every] = kind;
  for (let at = 0; at < untilMs; ) {
    at += -Math.log(1 - random()) * every * 1_000;
    const length = least + random() * (most - least);
    stalls.push({ fromMs: at, toMs: at + length });
    at += length;
  }
  return stalls;
}

/** How much longer a request takes that is under way while its process stands still. */
const heldUp = (stalls: readonly Stall[], beganMs: number, ms: number): number =>
  stalls.reduce((longer, { fromMs, toMs }) => {
    const isUnderWay = beganMs < toMs && beganMs + longer > fromMs;
    return isUnderWay ? longer + toMs - Math.max(fromMs, beganMs) : longer;
  }, ms);

function trafficOf(version: Version, course: Course, untilMs: number, machine: Stall[], random: () => number) {
  const instances = Array.from({ length: INSTANCES[version] }, () =>
    [...machine, ...stallsOf(course.processStalls, untilMs, random)].sort((a, b) => a.fromMs - b.fromMs),
  );
  const marked = machine.filter(({ fromMs, toMs }) => toMs - fromMs > STALL_MARKED_MS);
  const rows = Array.from({ length: untilMs / STEP_MS }, (_, i): TrafficCounts => {
    const [fromMs, toMs] = [i * STEP_MS, (i + 1) * STEP_MS];
    return {
      ...noOutcomes(),
      ...{ service: "a", environment: "b", version, bucketAt: new Date(T0 + fromMs).toISOString() },
      latency: emptyHistogram(),
      usage: { cpuMs: 0, memoryBytes: 5e7 * instances.length, instances: instances.length, inFlight: 0, errorLines: 0 },
      ...(marked.some((one) => fromMs < one.toMs + STEP_MS && toMs > one.fromMs) && { stalled: true }),
    };
  });
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) * 1_000) / PER_SECOND[version];
    const isNew = version === "1.1.0";
    const slow = isNew ? (course.slow?.(at / 1_000) ?? 1) : 1;
    const alone = 25 * Math.exp(0.15 * normal()) * (random() < 0.02 ? 2 : 1) * slow;
    const ms = heldUp(instances[Math.floor(random() * instances.length)] ?? [], at, alone);
    const failed = random() < 0.001 + (isNew ? (course.errors ?? 0) : 0);
    const row = rows[Math.floor((at + ms) / STEP_MS)];
    if (at >= untilMs) return rows;
    if (row === undefined) continue;
    row.requests++;
    row[failed ? "status5xx" : "status2xx"]++;
    const bucket = bucketOf(ms);
    row.latency[bucket] = (row.latency[bucket] ?? 0) + 1;
    row.usage.cpuMs = (row.usage.cpuMs ?? 0) + (1.5 + random()) * slow;
    row.usage.inFlight = (row.usage.inFlight ?? 0) + ms / STEP_MS;
  }
}

const requestsOf = (rows: readonly TrafficCounts[]) => rows.reduce((sum, { requests }) => sum + requests, 0);

const LONGEST_SECONDS = 300;
const RULES = { ...DEFAULT_RULES.analysis, maxWaitSeconds: LONGEST_SECONDS };

/** How one course ends, and after how many seconds. */
function live(course: Course, seed: number): { end: "pass" | "fail" | "ask"; seconds: number } {
  const random = dice(seed);
  const machine = stallsOf(course.machineStalls, LONGEST_SECONDS * 1_000, random);
  const [old, fresh] = (["1.0.0", "1.1.0"] as const).map((version) =>
    trafficOf(version, course, LONGEST_SECONDS * 1_000, machine, random),
  );
  const judgements: Judgement[] = [];
  for (let at = 0; ; ) {
    const action = nextAnalysisAction(judgements, RULES, { startedAt: 0, at });
    if (action.do === "wait") at += action.ms;
    else if (action.do !== "judge") return { end: action.do === "goOn" ? "ask" : action.do, seconds: at / 1_000 };
    else judgements.push(judgedAt(at, old ?? [], fresh ?? []));
  }
}

function judgedAt(at: number, old: readonly TrafficCounts[], fresh: readonly TrafficCounts[]): Judgement {
  const seen = [old, fresh].map((rows) => rows.slice(0, Math.floor(at / STEP_MS)));
  const [baseline, candidate] = seen.map((rows) => rows.filter(({ stalled }) => stalled !== true));
  const leftOut = seen.map((rows) => requestsOf(rows.filter(({ stalled }) => stalled === true)));
  const { result, tooLittle } = judge({
    ...{ baselineVersion: "1.0.0", candidateVersion: "1.1.0", minRequests: RULES.minRequests, rules: RULES },
    ...{ from: new Date(T0).toISOString(), to: new Date(T0 + at).toISOString(), dependents: [] },
    ...{ baseline: withPending(baseline ?? []), candidate: withPending(candidate ?? [], baseline), failingPercent: 10 },
    leftOut: { baseline: leftOut[0] ?? 0, candidate: leftOut[1] ?? 0 },
    warmUntil: T0 + RULES.warmUpSeconds * 1_000,
  });
  const { verdict, score, sentence } = result;
  return { at, verdict, tooLittle, score, sentence, candidateRequests: result.candidateRequests, candidateErrors: 0 };
}

/** Of `runs` courses each: how they end, and the middle one's time to its end. `choosing`: with the other seeds. */
export function judgeCourses(runs: number, choosing: boolean) {
  const percent = (count: number) => `${((count / runs) * 100).toFixed(1)} %`;
  const rows = COURSES.map((course, place) => {
    const ends = Array.from({ length: runs }, (_, run) =>
      live(course, (run * 2 + (choosing ? 0 : 1)) * 7_919 + place * 1_000_003),
    );
    const times = (end: string) => ends.flatMap((one) => (one.end === end ? [one.seconds] : [])).sort((a, b) => a - b);
    const middle = (end: string) => times(end)[Math.floor(times(end).length / 2)];
    const [failed, passed] = [times("fail").length, times("pass").length];
    return {
      bad: course.bad,
      failed: failed / runs,
      row: {
        "new version": course.course,
        "its requests": `${PER_SECOND["1.1.0"]} a second`,
        failed: percent(failed),
        "not sure": percent(times("ask").length),
        passed: percent(passed),
        wrong: wrongOf(course.bad, { fail: failed, pass: passed }),
        "seconds to verdict": middle(course.bad ? "fail" : "pass") ?? "",
      },
    };
  });
  const met = (name: string, limit: string, test: (failed: number) => boolean) => {
    const found = rows.find(({ row }) => row["new version"] === name);
    return { target: `${name}: ${limit}`, measured: found?.row.failed ?? "", met: test(found?.failed ?? Number.NaN) };
  };
  return {
    rows: rows.map(({ row }) => row),
    targets: [
      ...COURSES.filter(({ bad }) => !bad).map(({ course }) =>
        met(course, "failed under 5 %", (share) => share < 0.05),
      ),
      ...["first step: twice as slow", "first step: errors +5 points from the first request on"].map((name) =>
        met(name, "failed at least 99 %", (share) => share >= 0.99),
      ),
    ],
  };
}
