import { z } from "zod";
import { decisionOf, questionOf } from "../actions/schema.ts";
import { LONGEST_REASON, SHORTEST_OVERRIDE_REASON } from "../actions/words.ts";
import { VersionName } from "../config-services.ts";
import {
  ActorRef,
  EnvironmentName,
  Id,
  Instant,
  PageInput,
  pageOf,
  ServiceName,
  ServiceRefInput,
  Text,
  TimeStamp,
} from "../kernel/schema.ts";
import { JudgeResult, Verdict } from "./judge/analysis-schema.ts";
import { PlanView } from "./plan/plan-schema.ts";
import { ServiceNow } from "./service-now-schema.ts";
import { EvidenceNow, Progress, SplitWindow, VersionShare } from "./split-schema.ts";
import { DECISIONS, DEPLOYMENT_STATUSES, STEP_KINDS, STEP_STATUSES, STRATEGIES, WATCH_STATES } from "./words.ts";

export const DeploymentStatus = z.enum(DEPLOYMENT_STATUSES);
export type DeploymentStatus = z.infer<typeof DeploymentStatus>;
export type Strategy = (typeof STRATEGIES)[number];

export type StepKind = (typeof STEP_KINDS)[number];
export type StepStatus = (typeof STEP_STATUSES)[number];

export const Decision = z.enum(DECISIONS);
export type Decision = z.infer<typeof Decision>;

export type WatchState = (typeof WATCH_STATES)[number];

const Whole = (least: number, most: number) => z.number().int().min(least).max(most);
export const DeployApplicationInput = z.object({
  environment: EnvironmentName.describe("where to deploy, as named in the configuration"),
  version: VersionName.describe("what to deploy; get_service lists the known versions"),
  service: ServiceName.optional().describe("may be left out only when one service is configured"),
  strategy: z
    .enum(STRATEGIES)
    .optional()
    .describe(
      "rolling: instances are replaced one after the other · blue-green: a full new set, one switch · canary: a growing share of the requests, judged at each step; default from the configuration",
    ),
  rollbackOnFailure: z
    .boolean()
    .default(true)
    .describe("return to the version before when the new one fails; false waits for a decision instead"),
  healthCheckTimeout: Whole(1, 3_600).default(60).describe("seconds a new instance has to become ready"),
  timeoutSeconds: Whole(10, 86_400)
    .optional()
    .describe(
      "deadline of the whole deployment, waiting for people and the judge apart; default from deploymentConfig",
    ),
  maxSurgePercent: Whole(1, 100)
    .default(25)
    .describe("rolling: instances above the wanted number, rounded up to at least one"),
  maxUnavailable: z.number().int().min(0).max(10).default(0).describe("rolling: instances below the wanted number"),
  reason: Text(LONGEST_REASON).trim().default("").describe("why, for those who read it later"),
  overrideReason: Text(LONGEST_REASON)
    .trim()
    .min(SHORTEST_OVERRIDE_REASON)
    .optional()
    .describe("administrators only: deploy although a freeze window, a lock or a wave forbids it, and say why"),
  dryRun: z.boolean().default(false).describe("check everything and return the plan; nothing is started"),
});
export type DeployApplicationInput = z.input<typeof DeployApplicationInput>;

export const StepView = z.object({
  index: z.number().int(),
  kind: z.enum(STEP_KINDS),
  title: z.string(),
  weight: z.number().int().nullable().describe("percent of the requests the new version has from here on"),
  instances: z.number().int().nullable(),
  status: z.enum(STEP_STATUSES),
  attempt: z.number().int(),
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  note: z.string().nullable().describe("how it went"),
});
export type StepView = z.infer<typeof StepView>;

/** What a hook printed or a verification was answered. */
export const StepOutput = z.object({
  index: z.number().int(),
  attempt: z.number().int(),
  parts: z.array(
    z.object({ name: z.string(), ok: z.boolean(), summary: z.string(), durationMs: z.number(), output: z.string() }),
  ),
});
export type StepOutput = z.infer<typeof StepOutput>;

/** Whom it waits for: until somebody decides, or until `expiresAt`, when it goes back by itself. */
export const Waiting = questionOf(z.enum(["failed", "undecided", "paused", "regressed"]), Decision).extend({
  stepIndex: z.number().int().nullable(),
});
export type Waiting = z.infer<typeof Waiting>;

export const DecisionView = decisionOf(Decision).extend({
  scope: z.enum(["step", "all"]),
  stepIndex: z.number().int().nullable(),
});

export const AnalysisSummary = z.object({
  id: z.string(),
  stepIndex: z.number().int().nullable(),
  attempt: z.number().int(),
  kind: z.enum(["step", "hold", "watch"]),
  verdict: Verdict,
  score: z.number().nullable(),
  sentence: z.string(),
  from: Instant,
  to: Instant,
  at: Instant,
});
export type AnalysisSummary = z.infer<typeof AnalysisSummary>;

export const DeploymentView = z.object({
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  kind: z.enum(["deploy", "rollback"]),
  rollbackOf: z.string().nullable(),
  strategy: z.string().describe("restore: straight back to a version known to be good"),
  version: z.string(),
  previousVersion: z.string().nullable(),
  status: DeploymentStatus,
  summary: z.string().describe("what it does now, or how it ended"),
  reason: z.string().nullable().describe("why it was asked for"),
  waiting: Waiting.nullable().describe("what a person has to decide"),
  watchState: z.enum(WATCH_STATES).nullable(),
  watchUntil: Instant.nullable(),
  requestedBy: ActorRef,
  cancelRequested: z.boolean(),
  createdAt: Instant,
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  deadlineAt: Instant,
  options: z.object({
    rollbackOnFailure: z.boolean(),
    healthCheckTimeoutSeconds: z.number(),
    timeoutSeconds: z.number(),
    instances: z.number().int(),
    maxSurge: z.number().int(),
    maxUnavailable: z.number().int(),
  }),
  incidentId: z.string().nullable().describe("the incident its failure opened"),
});
export type DeploymentView = z.infer<typeof DeploymentView>;

export const DeploymentEventView = z.object({
  id: z.string(),
  at: Instant,
  level: z.enum(["info", "ok", "warning", "error"]),
  kind: z.enum(["step", "instance", "decision"]),
  message: z.string(),
  detail: z.record(z.string(), z.unknown()).nullable(),
});
export type DeploymentEventView = z.infer<typeof DeploymentEventView>;

export const DeployApplicationOutput = z.object({
  dryRun: z.boolean(),
  plan: PlanView,
  deployment: DeploymentView.nullable().describe("the handle to follow with get_deployment; null for a dry run"),
});

export const GetDeploymentInput = z.object({
  deploymentId: Id,
  followSeconds: Whole(0, 50)
    .default(0)
    .describe("wait so long for the next change that matters (a step, a wait, the end) before answering"),
});
export const InstanceView = z.object({
  id: z.string(),
  version: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  pid: z.number().int().nullable(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  restarts: z.number().int(),
  startedAt: Instant,
  inFlight: z.number().int(),
  configured: z.boolean().describe("false: its version left the configuration; it is kept as it was recorded"),
});
export const GetDeploymentOutput = z.object({
  deployment: DeploymentView,
  allowed: z.array(Decision).describe("decisions accepted now"),
  steps: z.array(StepView),
  analyses: z.array(AnalysisSummary).describe("newest first, at most 20"),
  decisions: z.array(DecisionView).describe("oldest first"),
  events: z.array(DeploymentEventView).describe("oldest first, at most the newest 200"),
  instances: z
    .array(InstanceView)
    .describe("of the service in that environment now; empty when the platform cannot be reached"),
  split: z.array(VersionShare).describe("the old version, then the new one"),
  splitWindow: SplitWindow.nullable(),
  evidenceNow: EvidenceNow.nullable(),
  serviceNow: ServiceNow,
  progress: Progress,
});
export type GetDeploymentOutput = z.infer<typeof GetDeploymentOutput>;

/** For the console: every number behind the judge's verdicts, and what hooks printed. */
export const DeploymentDetailInput = z.object({ deploymentId: Id });
export const DeploymentDetailOutput = z.object({
  analyses: z
    .array(AnalysisSummary.extend({ result: JudgeResult.nullable() }))
    .describe("newest first, at most 20; the newest of each step with its numbers"),
  outputs: z.array(StepOutput),
});

export const VersionPoint = z.object({
  t: Instant,
  requestsPerSecond: z.number().nullable(),
  errorPercent: z.number().nullable(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});
/** Both versions on one axis, from five minutes before it began until ten after it ended. */
export const DeploymentSeriesOutput = z.object({
  stepSeconds: z.number().int(),
  from: Instant,
  to: Instant,
  versions: z.array(z.object({ version: z.string(), role: z.enum(["old", "new"]), points: z.array(VersionPoint) })),
});

export const ListDeploymentsInput = PageInput.extend({
  service: ServiceName.optional(),
  environment: EnvironmentName.optional(),
  status: z.array(DeploymentStatus).max(20).optional(),
  strategy: z
    .array(z.enum([...STRATEGIES, "restore"]))
    .max(20)
    .optional(),
  kind: z.enum(["deploy", "rollback"]).optional(),
});
const Counts = z.array(z.object({ value: z.string(), count: z.number().int() }));
export const ListDeploymentsOutput = pageOf(DeploymentView);
export const DeploymentFacetsInput = ListDeploymentsInput.omit({ limit: true, cursor: true });
/** How many there are per value; each facet counts what the other filters leave. */
export const DeploymentFacetsOutput = z.object({
  service: Counts,
  environment: Counts,
  status: Counts,
  strategy: Counts,
  kind: Counts,
});

export const DeploymentStartsInput = z.object({
  startTime: TimeStamp,
  endTime: TimeStamp,
  service: ServiceName.optional(),
  environment: EnvironmentName.optional(),
});
export const DeploymentStartsOutput = z.object({
  truncated: z.boolean().describe("more began than are listed; these are the newest"),
  /** oldest first */
  starts: z.array(
    z.object({ id: z.string(), service: z.string(), environment: z.string(), version: z.string(), at: Instant }),
  ),
});

export const DecideDeploymentInput = z.object({
  deploymentId: Id,
  decision: Decision.describe(
    "promote: go on to the next step, or accept what the judge did not · retry: repeat the step it stopped at · rollback: return to the version before (also of an ended deployment) · abort: cancel it, the version before serves again · pause, resume: hold it between steps",
  ),
  scope: z.enum(["step", "all"]).default("step").describe("promote only: all skips every analysis that is left"),
  reason: Text(LONGEST_REASON).trim().default(""),
});
export const DecideDeploymentOutput = z.object({
  deployment: DeploymentView,
  started: DeploymentView.nullable().describe("the rollback that an ended deployment was answered with"),
});

export const RollbackInput = z.object({
  service: ServiceName,
  environment: EnvironmentName,
  version: VersionName.optional().describe("default: the last known good one"),
  reason: Text(LONGEST_REASON).trim().default(""),
  overrideReason: Text(LONGEST_REASON)
    .trim()
    .min(SHORTEST_OVERRIDE_REASON)
    .optional()
    .describe("administrators only: although it is locked"),
  dryRun: z.boolean().default(false),
});

/** Versions that may be gone back to, newest first, at most 10; the first is the last known good one. */
export const GoodVersionsOutput = z.object({
  current: z.string().nullable(),
  items: z.array(
    z.object({
      version: z.string(),
      lastKnownGood: z.boolean(),
      provenAt: Instant.nullable(),
      deploymentId: z.string().nullable(),
    }),
  ),
});

export const CompareVersionsInput = ServiceRefInput.extend({
  baseline: VersionName.optional().describe("default: the version that ran before the candidate"),
  candidate: VersionName.optional().describe("default: the newest version"),
  minutes: z.number().int().min(1).max(1_440).default(30).describe("of each version's traffic, its newest"),
});
const ComparedCount = z.object({ events: z.number().nullable(), total: z.number() });
/** One line of the comparison. */
export const ComparedMetric = z.object({
  name: z.string(),
  label: z.string(),
  unit: z.enum(["percent", "ms", "bytes", "count", "perSecond"]),
  baseline: z.number().nullable(),
  candidate: z.number().nullable(),
  difference: z.number().nullable(),
  /** 0.18 is +18 %; null when there is no base to compare with */
  ratio: z.number().nullable(),
  certainty: z.enum(["sure", "probable", "unsure", "unknown"]),
  better: z.enum(["better", "worse", "same", "unsure", "unknown"]),
  counts: z.object({ baseline: ComparedCount, candidate: ComparedCount }).nullable(),
  sentence: z.string().describe("p95 +41 ms (+18 %), sure"),
});
export const CompareVersionsOutput = z.object({
  service: z.string(),
  environment: z.string(),
  baseline: z.object({ version: z.string(), from: Instant, to: Instant, requests: z.number().int() }).nullable(),
  candidate: z.object({ version: z.string(), from: Instant, to: Instant, requests: z.number().int() }).nullable(),
  sameMinutes: z.boolean().describe("both served at the same time, so the hour of the day explains nothing"),
  leftOut: z.object({ baseline: z.number(), candidate: z.number() }).nullable(),
  summary: z.string(),
  metrics: z.array(ComparedMetric),
  versions: z.array(z.string()).describe("that have been counted here, newest first"),
  stepSeconds: z.number().int(),
  series: z.array(z.object({ version: z.string(), role: z.enum(["old", "new"]), points: z.array(VersionPoint) })),
});

export const DoraInput = z.object({
  service: ServiceName.optional(),
  environment: EnvironmentName.optional(),
  days: z.number().int().min(1).max(365).default(30),
});
const Rating = z.enum(["elite", "high", "medium", "low"]).nullable();
/** The four key measures per service; null where nothing happened to measure. */
export const DoraRow = z.object({
  service: z.string(),
  environment: z.string(),
  deployments: z.number().int(),
  perDay: z.number(),
  frequencyRating: Rating,
  leadTimeSeconds: z.number().nullable().describe("median from commit to serving"),
  leadTimeRating: Rating,
  leadTimeKnown: z.number().int().describe("deployments whose commit time is known"),
  changeFailureRate: z.number().nullable().describe("0…1 of the deployments that changed anything"),
  failures: z.number().int(),
  changes: z.number().int().describe("what the rate is of"),
  failureRating: Rating,
  restoreSeconds: z.number().nullable().describe("median from failure to serving well again"),
  restoreRating: Rating,
});
export const DoraOutput = z.object({ days: z.number().int(), rows: z.array(DoraRow) });
