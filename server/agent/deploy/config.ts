import { z } from "zod";
import { Command, Environment, startProblem } from "../config-process.ts";
import { ExpectStatus, Headers, HTTP_TOKEN, HttpUrl, Name, RequestPath } from "../config-values.ts";
import { PlainName } from "../kernel/schema.ts";
import { FreezeWindowSchema, WaveSchema } from "../policy/config.ts";

/**
 * How versions are rolled out: `deploymentConfig` sets it for all services, `services[].deployment` for one. Every key
 * is optional; `rulesFor` fills in what neither says.
 */

const HeaderName = z.string().max(64).regex(HTTP_TOKEN, "a header or cookie name");
const Seconds = (least: number, most: number) => z.number().int().min(least).max(most);

const HookCommon = {
  name: Name.describe("unique among the hooks of its place; names the step"),
  timeoutSeconds: Seconds(1, 3_600).default(30).describe("of each try"),
  retries: z.number().int().min(0).max(10).default(0).describe("further tries after a failed one"),
};
export const HookSchema = z.discriminatedUnion("type", [
  z.strictObject({
    ...HookCommon,
    type: z.literal("http"),
    url: HttpUrl,
    method: z.enum(["GET", "POST", "PUT"]).default("POST"),
    headers: Headers,
    expectStatus: ExpectStatus.default([200, 201, 202, 204]),
  }),
  z
    .strictObject({
      ...HookCommon,
      type: z.literal("command"),
      command: Command.describe("started without a shell; an exit code other than 0 halts"),
      cwd: z.string().default(".").describe("relative to the configuration file"),
      env: Environment,
    })
    .superRefine(({ command, env }, issues) => {
      const message = startProblem(command, env);
      if (message !== null) issues.addIssue({ code: "custom", path: ["env"], message });
    }),
]);
export type Hook = z.infer<typeof HookSchema>;

export const SyntheticRequestSchema = z.strictObject({
  name: PlainName(80),
  method: z.enum(["GET", "HEAD", "POST"]).default("GET"),
  path: RequestPath,
  headers: Headers,
  body: z.string().max(65_536).optional(),
  expectStatus: ExpectStatus.default([200, 201, 202, 203, 204]),
  bodyIncludes: z.string().optional(),
  timeoutMs: z.number().int().min(50).max(15_000).default(5_000),
});
export type SyntheticRequest = z.infer<typeof SyntheticRequestSchema>;

/** The metrics the judge compares from what the balancer counts. */
export const JUDGED_METRICS = [
  "errorRatio",
  "outcomes",
  "latencyP50",
  "latencyP95",
  "latencyP99",
  "saturation",
  "cpuPerRequest",
  "memoryPerInstance",
  "logErrorRate",
  "dependents",
] as const;
export type JudgedMetric = (typeof JUDGED_METRICS)[number];
/** What users notice themselves. Without any of it nothing passes, however little memory a version takes. */
export const METRICS_OF_USERS: readonly JudgedMetric[] = [
  "errorRatio",
  "outcomes",
  "latencyP50",
  "latencyP95",
  "latencyP99",
];

const MetricRuleSchema = z.strictObject({
  enabled: z.boolean(),
  group: Name,
  critical: z.boolean().describe("a failure of this metric alone fails the analysis"),
  direction: z.enum(["increase", "decrease", "either"]).describe("the change that is bad"),
  effect: z.enum(["meanRatio", "cles"]).describe("how the size of a difference is measured"),
  allowedIncrease: z
    .number()
    .min(0.5)
    .describe("effect up to which a sure difference is still accepted: 1.2 = +20 %; with cles 0.5…1"),
  allowedDecrease: z.number().min(0).max(1),
  criticalIncrease: z.number().min(0.5).nullable().describe("effect from which the metric counts as critical"),
  leastIncrease: z.number().min(0).describe("smallest absolute difference that counts, in the metric's unit"),
  missingData: z.enum(["remove", "zero"]),
  outlierFactor: z
    .number()
    .min(1)
    .max(10)
    .nullable()
    .describe("of the interquartile range, as Kayenta with reduced sensitivity; null, the default, keeps outliers"),
});
export type MetricRule = z.infer<typeof MetricRuleSchema>;

const Analysis = z.strictObject({
  minRequests: z.number().int().min(10).max(1_000_000).describe("of the new version, before anything is judged"),
  minSeconds: Seconds(1, 86_400).describe("a step is watched at least so long before it passes"),
  maxWaitSeconds: Seconds(1, 86_400).describe("after that without enough requests a person is asked"),
  intervalSeconds: Seconds(1, 3_600).describe("between two judgements"),
  warmUpSeconds: Seconds(0, 3_600).describe(
    "of each step: how requests end counts from the first, latency after these; in a hold at most a third of it",
  ),
  fewRequests: z
    .enum(["continue", "ask"])
    .describe("at the end of a hold in which the new version had too few requests, none of which speaks against it"),
  failureLimit: z.number().int().min(0).max(20).describe("failed judgements that are tolerated"),
  inconclusiveLimit: z.number().int().min(0).max(100).describe("inconclusive judgements before a person is asked"),
  consecutiveErrorLimit: z.number().int().min(0).max(100).describe("judgements in a row that could not be made"),
  passScore: z.number().min(0).max(100),
  marginalScore: z.number().min(0).max(100).describe("below it fails; between it and passScore is inconclusive"),
  confidence: z.number().min(0.5).max(0.9999),
  tolerance: z.number().min(0).max(1).describe("share of the Hodges-Lehmann estimate"),
  groups: z.record(Name, z.number().min(0).max(100)).describe("weights of the groups, together 100"),
});

const Sticky = z.strictObject({ by: z.enum(["header", "cookie"]), name: HeaderName });

export const RolloutRulesSchema = z.strictObject({
  canary: z
    .strictObject({
      weights: z
        .array(z.number().int().min(1).max(100))
        .min(1)
        .max(20)
        .refine((weights) => weights.every((weight, i) => weight > (weights[i - 1] ?? 0)), "weights must rise")
        .describe("percent of the requests, step by step; 100 is added when it is missing"),
      sticky: Sticky.nullable().describe("a caller stays with the version it was given"),
      keepOldSeconds: Seconds(0, 3_600).describe("the old set is kept so long after the last step"),
    })
    .partial()
    .optional(),
  blueGreen: z
    .strictObject({ keepOldSeconds: Seconds(0, 3_600).describe("the old set is kept so long after the switch") })
    .partial()
    .optional(),
  verification: z
    .array(SyntheticRequestSchema)
    .max(50)
    .optional()
    .describe("asked of the new version before its users"),
  previewHeader: HeaderName.nullable()
    .optional()
    .describe("a request that carries it with a version's name is answered by that version; null turns it off"),
  analysis: Analysis.partial()
    .extend({ metrics: z.partialRecord(z.enum(JUDGED_METRICS), MetricRuleSchema.partial()).optional() })
    .optional(),
  hooks: z
    .strictObject({
      before: z.array(HookSchema).max(20),
      between: z.array(HookSchema).max(20).describe("after each step that passed, before the next"),
      after: z.array(HookSchema).max(20),
    })
    .partial()
    .optional(),
  watchSeconds: Seconds(0, 86_400).optional().describe("the new version is watched so long afterwards; 0 turns it off"),
  decisionTimeoutSeconds: Seconds(5, 86_400).optional().describe("without a decision by then: back to the old version"),
  pauseTimeoutSeconds: Seconds(5, 604_800).optional().describe("a pause by a person ends so, too"),
  drainSeconds: Seconds(1, 600)
    .optional()
    .describe("for requests in flight and open WebSockets to end before an instance is stopped"),
});
export type RolloutRulesInput = z.infer<typeof RolloutRulesSchema>;

/** All of it, nothing left open; kept with each deployment as it was when that was asked for. */
export interface RolloutRules {
  canary: { weights: number[]; sticky: z.infer<typeof Sticky> | null; keepOldSeconds: number };
  blueGreen: { keepOldSeconds: number };
  verification: SyntheticRequest[];
  previewHeader: string | null;
  analysis: AnalysisRules;
  hooks: { before: Hook[]; between: Hook[]; after: Hook[] };
  watchSeconds: number;
  decisionTimeoutSeconds: number;
  pauseTimeoutSeconds: number;
  drainSeconds: number;
}
export type AnalysisRules = z.infer<typeof Analysis> & { metrics: Record<JudgedMetric, MetricRule> };

const metric = (group: string, leastIncrease: number, more: Partial<MetricRule> = {}): MetricRule => ({
  ...{ enabled: true, group, critical: false, direction: "increase", effect: "meanRatio" },
  ...{ allowedIncrease: 1.2, allowedDecrease: 0.8, criticalIncrease: null, leastIncrease },
  ...{ missingData: "remove", outlierFactor: null, ...more },
});

/** Limits follow Argo Rollouts' AnalysisRun, scores and groups Kayenta's canary configuration. */
export const DEFAULT_RULES: RolloutRules = {
  canary: { weights: [5, 25, 50, 100], sticky: null, keepOldSeconds: 30 },
  blueGreen: { keepOldSeconds: 30 },
  verification: [],
  previewHeader: "x-operate-version",
  analysis: {
    ...{ minRequests: 200, minSeconds: 60, maxWaitSeconds: 900, intervalSeconds: 10, fewRequests: "continue" },
    ...{ warmUpSeconds: 10, failureLimit: 0, inconclusiveLimit: 3, consecutiveErrorLimit: 4 },
    ...{ passScore: 95, marginalScore: 75, confidence: 0.98, tolerance: 0.25 },
    groups: { errors: 40, latency: 40, resources: 20 },
    metrics: {
      errorRatio: metric("errors", 0.005, { critical: true, missingData: "zero" }),
      outcomes: metric("errors", 0.01, { critical: true, missingData: "zero" }),
      logErrorRate: metric("errors", 0.005, { missingData: "zero" }),
      dependents: metric("errors", 0.005, { critical: true }),
      latencyP50: metric("latency", 5),
      latencyP95: metric("latency", 5, { critical: true }),
      latencyP99: metric("latency", 10),
      saturation: metric("resources", 1, { allowedIncrease: 1.5 }),
      cpuPerRequest: metric("resources", 0.5, { allowedIncrease: 1.5 }),
      memoryPerInstance: metric("resources", 16_777_216, { allowedIncrease: 1.5 }),
    },
  },
  hooks: { before: [], between: [], after: [] },
  watchSeconds: 600,
  decisionTimeoutSeconds: 1_800,
  pauseTimeoutSeconds: 14_400,
  drainSeconds: 30,
};

/** `base` with what `top` names in its place. */
function overlay<T extends object>(base: T, top: { [K in keyof T]?: T[K] | undefined } | undefined): T {
  const named = Object.entries(top ?? {}).filter(([, value]) => value !== undefined);
  return { ...base, ...(Object.fromEntries(named) as Partial<T>) };
}

/** Defaults, overlaid by each layer in turn: what a later layer names wins; lists are replaced, not joined. */
export function mergeRules(...layers: (RolloutRulesInput | undefined)[]): RolloutRules {
  return layers.reduce<RolloutRules>((rules, layer) => {
    const { canary, blueGreen, analysis, hooks, ...rest } = layer ?? {};
    const { metrics, ...limits } = analysis ?? {};
    const steps = overlay(rules.canary, canary);
    if (steps.weights.at(-1) !== 100) steps.weights = [...steps.weights, 100];
    return {
      ...overlay<Omit<RolloutRules, "canary" | "blueGreen" | "analysis" | "hooks">>(rules, rest),
      canary: steps,
      blueGreen: overlay(rules.blueGreen, blueGreen),
      hooks: overlay(rules.hooks, hooks),
      analysis: {
        ...overlay<Omit<AnalysisRules, "metrics">>(rules.analysis, limits),
        metrics: Object.fromEntries(
          JUDGED_METRICS.map((name) => [name, overlay(rules.analysis.metrics[name], metrics?.[name])]),
        ) as Record<JudgedMetric, MetricRule>,
      },
    } as RolloutRules;
  }, DEFAULT_RULES);
}

interface Configured {
  deploymentConfig: { rollout?: RolloutRulesInput | undefined };
  services: readonly { name: string; deployment?: RolloutRulesInput | undefined }[];
}

/** The rules of one service: defaults, then `deploymentConfig.rollout`, then `services[].deployment`. */
export const rulesFor = (config: Configured, service: string): RolloutRules =>
  mergeRules(config.deploymentConfig.rollout, config.services.find((one) => one.name === service)?.deployment);

/** `deploymentConfig`. */
export const DeploymentConfigSchema = z.strictObject({
  cicdProvider: z.enum(["none", "github-actions", "gitlab-ci", "jenkins"]).default("none"),
  environments: z.array(Name).min(1).default(["staging", "production"]),
  productionEnvironments: z
    .array(Name)
    .min(1)
    .optional()
    .describe("where customers are; default: those named production, prod or live, else the last one"),
  rolloutStrategy: z.enum(["rolling", "blue-green", "canary"]).default("rolling"),
  healthCheckUrl: HttpUrl.optional(),
  timeoutSeconds: z.number().int().min(10).max(86_400).default(600).describe("deadline of a whole deployment"),
  rollout: RolloutRulesSchema.optional().describe("steps, judge, hooks and limits of every service's deployments"),
  freezeWindows: z.array(FreezeWindowSchema).default([]),
  waves: z.array(WaveSchema).default([]).describe("which environments come first"),
});
