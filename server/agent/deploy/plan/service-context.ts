import type { z } from "zod";
import type { ServiceHealth } from "../../health/index.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import type { LateRequests } from "../../telemetry/late-requests.ts";
import { failedRequests, sumOutcomes } from "../../telemetry/outcomes.ts";
import { groupedCount, threeDigits } from "../../text/numbers.ts";
import type { PlanWarning } from "./plan-schema.ts";

/** What goes on around a deployment when it is asked for: in the service itself and in what it depends on. Pure. */

type Warning = z.infer<typeof PlanWarning>;
type Severity = Warning["severity"];

interface Incidents {
  /** the worst of them, worst first */
  incidents: { label: string; title: string }[];
  /** open ones beyond those */
  moreIncidents: number;
}

export interface DependencyState extends Incidents {
  service: string;
  health: Pick<ServiceHealth, "state" | "message"> | null;
  /** on the platform; null: not known there */
  instances: { ready: number; all: number } | null;
  /** of this service, and under way */
  deployment: { id: string; version: string } | null;
  traffic: { failed: number; requests: number } | null;
  /** those that hang now */
  late: LateRequests | null;
  /** percent of its requests that may fail */
  errorLimitPercent: number;
}

export interface ServiceContext {
  service: DependencyState | null;
  dependencies: DependencyState[];
  /** open, in this environment or in none, and of no service that was named */
  ofNoService: Incidents;
  /** that requests were counted for */
  windowSeconds: number;
}

/** Null when nothing was counted. */
export function failuresOf(rows: readonly TrafficCounts[]): DependencyState["traffic"] {
  const sum = sumOutcomes(rows);
  return sum.requests === 0 ? null : { failed: failedRequests(sum, null), requests: sum.requests };
}

export function serviceWarnings(
  { environment }: Pick<ServiceRef, "environment">,
  { surroundings }: { surroundings: ServiceContext },
): Warning[] {
  const { service: own } = surroundings;
  if (!own) return [];
  return [
    ...healthWarning(own, "service_down", `${own.service} in ${environment}`),
    ...incidentWarnings(own, "open_incident", own.service),
    ...incidentWarnings(surroundings.ofNoService, "open_incident", "no service in particular"),
    ...errorWarning(own, "error_ratio", own.service, surroundings),
    ...lateWarning(own, "error_ratio", own.service),
  ];
}

export function dependencyWarnings(
  { service }: Pick<ServiceRef, "service">,
  { surroundings }: { surroundings: ServiceContext },
): Warning[] {
  return surroundings.dependencies.flatMap((one) => {
    const named = `${one.service}, which ${service} depends on,`;
    return [
      ...healthWarning(one, "dependency_down", named),
      ...incidentWarnings(one, "dependency_incident", named.replace(/,$/, "")),
      ...(one.deployment
        ? [
            made(
              "dependency_deploying",
              "warning",
              `${named} is being deployed: ${one.deployment.id} to ${one.deployment.version}. A difference could come from there.`,
            ),
          ]
        : []),
      ...errorWarning(one, "dependency_errors", named, surroundings),
      ...lateWarning(one, "dependency_errors", named),
    ];
  });
}

const made = (kind: Warning["kind"], severity: Severity, message: string): Warning => ({ kind, severity, message });

function incidentWarnings({ incidents, moreIncidents }: Incidents, kind: Warning["kind"], whom: string): Warning[] {
  const named = incidents.map(({ label, title }) => made(kind, "warning", `${label} is open for ${whom}: ${title}`));
  if (moreIncidents === 0) return named;
  const more = `${groupedCount(moreIncidents)} more incident${moreIncidents === 1 ? " is" : "s are"} open for ${whom}.`;
  return [...named, made(kind, "warning", more)];
}

const UNWELL: Partial<Record<ServiceHealth["state"], Severity>> = {
  down: "critical",
  degraded: "warning",
  pending: "warning",
  maintenance: "warning",
};

const STATE_WORDS: Partial<Record<ServiceHealth["state"], string>> = {
  maintenance: "is in maintenance now",
  pending: "fails its check now, which is not confirmed yet",
};

function healthWarning(one: DependencyState, kind: Warning["kind"], named: string): Warning[] {
  const severity = one.health ? UNWELL[one.health.state] : undefined;
  if (one.health && severity) {
    const words = STATE_WORDS[one.health.state] ?? `is ${one.health.state} now`;
    return [made(kind, severity, `${named} ${words}${one.health.message ? `: ${one.health.message}` : "."}`)];
  }
  const { instances } = one;
  if (!instances || instances.ready > 0) return [];
  const none = instances.all === 0 ? "nothing of it runs" : `none of its ${instances.all} instances is ready`;
  return [made(kind, "critical", `${named} does not serve now: ${none}.`)];
}

function lateWarning({ late }: DependencyState, kind: Warning["kind"], named: string): Warning[] {
  if (!late) return [];
  const wait = late.limitMs < 1_000 ? `${groupedCount(late.limitMs)} ms` : `${threeDigits(late.limitMs / 1_000)} s`;
  const message = `${named} lets ${groupedCount(late.count)} requests wait for longer than ${wait} now.`;
  return [made(kind, "critical", message)];
}

/** One failure may be anything. */
const LEAST_FAILED = 2;

function errorWarning(
  { traffic, errorLimitPercent }: DependencyState,
  kind: Warning["kind"],
  named: string,
  { windowSeconds }: ServiceContext,
): Warning[] {
  if (!traffic || traffic.failed < LEAST_FAILED) return [];
  const percent = (traffic.failed / traffic.requests) * 100;
  if (percent <= errorLimitPercent) return [];
  const share = `${Number(percent.toPrecision(2))} % (${groupedCount(traffic.failed)} of ${groupedCount(traffic.requests)} requests of the last ${windowSeconds} s)`;
  return [made(kind, "critical", `${named} fails ${share}; its limit is ${errorLimitPercent} %.`)];
}
