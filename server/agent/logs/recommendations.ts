import type { RollbackState } from "../deploy/index.ts";
import { patternQuery } from "./analysis/pattern-query.ts";
import type { Anomaly } from "./anomalies/anomaly.ts";
import { isError } from "./anomalies/anomaly.ts";
import { named, quoted } from "./anomalies/wording.ts";
import type { AnalyzeLogsOutput, AnomalyView } from "./schema.ts";

/** What to do next, where something follows from what was found. */

export type Recommendation = AnalyzeLogsOutput["recommendations"][number];

/** An anomaly with the deployment it began with, when there is one. */
export type ExplainedAnomaly = Anomaly & { deployment: AnomalyView["deployment"] };

interface Window {
  /** ISO 8601 */
  from: string;
  to: string;
}

const MOST = 8;
const NOTABLE = new Set(["warning", "critical"]);

/**
 * Sentences that follow from anomalies, in their order, each with a tool of Operate or a console path to go on with. One
 * for each deployment, service or pattern; none of what is only worth knowing; empty when nothing follows. `rollbacks` has
 * where each of `blamedDeployments` stands.
 */
export function recommend(
  anomalies: readonly ExplainedAnomaly[],
  window: Window,
  rollbacks: ReadonlyMap<string, RollbackState>,
): Recommendation[] {
  const given = new Map<string, Recommendation>();
  for (const anomaly of anomalies) {
    if (!NOTABLE.has(anomaly.severity) || given.size >= MOST) continue;
    for (const [key, recommendation] of follows(anomaly, window, rollbacks))
      if (!given.has(key) && given.size < MOST) given.set(key, recommendation);
  }
  return [...given.values()];
}

/** The deployments that recommendations may blame, as many at most as there are recommendations. */
export const blamedDeployments = (anomalies: readonly ExplainedAnomaly[]): string[] =>
  [
    ...new Set(
      anomalies.flatMap((one) => (NOTABLE.has(one.severity) && isBlaming(one) ? (one.deployment?.id ?? []) : [])),
    ),
  ].slice(0, MOST);

const isBlaming = ({ level, severity }: ExplainedAnomaly): boolean => isError(level) || severity === "critical";

function follows(
  anomaly: ExplainedAnomaly,
  window: Window,
  rollbacks: ReadonlyMap<string, RollbackState>,
): [string, Recommendation][] {
  const { kind, deployment, patternId } = anomaly;
  if (deployment !== null && isBlaming(anomaly))
    return sinceDeployment(anomaly, deployment, rollbacks.get(deployment.id));
  switch (kind) {
    case "vanished":
      return [[`health ${anomaly.service} ${anomaly.environment}`, checkHealth(anomaly)]];
    case "error-ratio":
      return [[`errors ${anomaly.service} ${anomaly.environment}`, lookAtErrors(anomaly, window)]];
    case "broken-sequence":
      return [[`trace ${patternId}`, lookAtTrace(anomaly)]];
    case "new":
    case "emerging":
    case "burst":
      return [[`lines ${patternId} ${anomaly.service} ${anomaly.environment}`, lookAtLines(anomaly, window)]];
  }
}

const place = ({ service, environment }: Anomaly): { service?: string; environment?: string } => ({
  ...(service ? { service } : {}),
  ...(environment ? { environment } : {}),
});

const path = (pathname: string, search: Record<string, string | undefined>): string => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) if (value) query.set(key, value);
  return query.size === 0 ? pathname : `${pathname}?${query}`;
};

/** The console's own words: the environment of every page is `env`. */
const logsPath = ({ service, environment }: Anomaly, search: Record<string, string>): string =>
  path("/logs", { service: service ?? undefined, env: environment ?? undefined, ...search });

function sinceDeployment(
  anomaly: ExplainedAnomaly,
  { id, version }: NonNullable<ExplainedAnomaly["deployment"]>,
  state: RollbackState | undefined,
): [string, Recommendation][] {
  const where = place(anomaly);
  const what = named(anomaly);
  return [
    [
      `compare ${id}`,
      {
        sentence: `Compare ${version} of ${what} with the version before it: this began when it was deployed.`,
        tool: "compare_versions",
        arguments: { ...where, candidate: version },
        href: path("/compare", { ...where, candidate: version }),
      },
    ],
    [
      `rollback ${id}`,
      {
        href: `/deployments/${encodeURIComponent(id)}`,
        ...(state?.possible
          ? {
              sentence: `If ${version} is to blame, roll ${what} back to the version before it.`,
              tool: "decide_deployment",
              arguments: { deploymentId: id, decision: "rollback" },
            }
          : {
              sentence: `${standing(id, version, what, state)} See how it stands.`,
              tool: "get_deployment",
              arguments: { deploymentId: id },
            }),
      },
    ],
  ];
}

/** Why there is nothing to roll back. */
function standing(id: string, version: string, what: string, state: RollbackState | undefined): string {
  if (state?.isUndone) return `${id}, which brought ${version} of ${what}, was rolled back already.`;
  if (state?.status === "rolling_back")
    return `${id}, which brought ${version} of ${what}, is being rolled back already.`;
  return `${id}, which brought ${version} of ${what}, cannot be rolled back now.`;
}

function checkHealth(anomaly: ExplainedAnomaly): Recommendation {
  return {
    sentence: `Check the health of ${named(anomaly)}: it no longer says ${quoted(anomaly.template ?? "")}.`,
    tool: "monitor_health",
    arguments: { ...place(anomaly) },
    href: "/health",
  };
}

function lookAtErrors(anomaly: ExplainedAnomaly, window: Window): Recommendation {
  const from = new Date(anomaly.atMs).toISOString();
  return {
    sentence: `See what has failed in ${named(anomaly)} since its error ratio rose.`,
    tool: "analyze_logs",
    arguments: { startTime: from, endTime: window.to, logLevel: "error", ...place(anomaly) },
    href: logsPath(anomaly, { from, to: window.to, level: "error" }),
  };
}

function lookAtTrace(anomaly: ExplainedAnomaly): Recommendation {
  const traceId = String(anomaly.evidence.exampleTraceId ?? "");
  return {
    sentence: `Follow one of the traces of ${named(anomaly)} that took another way: ${traceId}.`,
    tool: "get_trace",
    arguments: { traceId },
    href: `/traces/${traceId}`,
  };
}

function lookAtLines(anomaly: ExplainedAnomaly, window: Window): Recommendation {
  const { patternId, template } = anomaly;
  const query = patternId === null ? "" : patternQuery({ id: patternId, template: template ?? "" });
  return {
    sentence: `Look at the lines of ${named(anomaly)} that say ${quoted(template ?? "")}.`,
    tool: "search_logs",
    arguments: { startTime: window.from, endTime: window.to, query, ...place(anomaly) },
    href: logsPath(anomaly, { from: window.from, to: window.to, query, tab: "lines" }),
  };
}
