import type { HealthState } from "../health/schema.ts";
import { HEALTH_STATES } from "../health/words.ts";
import { isConsole } from "../kernel/own-service.ts";
import type { ServiceRow } from "./schema.ts";

/** How much a failed request counts, by the state of who failed it; 0: within its limits, nobody is hurt. */
const WEIGHT: Record<HealthState, number> = {
  up: 0,
  waiting: 0,
  maintenance: 0,
  pending: 1,
  unknown: 0,
  degraded: 1,
  failing: 3,
  down: 4,
};

/** what is late now is told as if it had come within a minute */
const LATE_SECONDS = 60;
/** beyond the limit of the p95 are at least these requests, in percent */
const SLOW_PERCENT = 5;

/**
 * Requests per second that hurt, times severity: those that failed, and of a service beyond its latency limit the share
 * that is at least too slow, and those that wait. 0 when nothing is known to be wrong.
 */
export function usersHurt({ health, traffic, reasons }: Pick<ServiceRow, "health" | "traffic" | "reasons">): number {
  const { requests, seconds, errorPercent } = traffic;
  // while too little was measured for a rate, the count is known all the same
  const perSecond = traffic.requestsPerSecond ?? requests / seconds;
  const isSlow = reasons.some(({ kind, state }) => kind === "latency" && isAilment(state));
  const slowPercent = isSlow ? Math.min(SLOW_PERCENT, 100 - (errorPercent ?? 0)) * WEIGHT.degraded : 0;
  const late = ((traffic.late ?? 0) / LATE_SECONDS) * WEIGHT[health];
  return late + (perSecond * ((errorPercent ?? 0) * WEIGHT[health] + slowPercent)) / 100;
}

/** In powers of four, so that rows do not change places under the pointer whenever a rate moves a little. */
const bandOf = (hurt: number): number => (hurt <= 0 ? Number.NEGATIVE_INFINITY : Math.round(Math.log2(hurt) / 2));

/** A state that hurts users, not one that only tells of missing knowledge. */
export const isAilment = (state: HealthState): boolean =>
  HEALTH_STATES.indexOf(state) >= HEALTH_STATES.indexOf("degraded");

const compared = (a: number, b: number): number => (a === b ? 0 : b - a);

/** A sender of nothing but logs, say: its silence about requests is no state of the system. */
export const isSilent = (row: Pick<ServiceRow, "origin" | "health">): boolean =>
  row.origin === "observed" && row.health === "unknown";

/** A service that only its telemetry tells of, and so little that no state follows from it. */
const isGuess = (row: ServiceRow): boolean =>
  isSilent(row) || (row.origin === "observed" && !isAilment(row.health) && row.traffic.requests < LEAST_REQUESTS);
const LEAST_REQUESTS = 10;

/** one's own first */
const ORIGINS: readonly ServiceRow["origin"][] = ["configured", "kept", "observed"];

/**
 * Whose users are hurt most, then open incidents, worse states, deployments; what is configured before what is not;
 * production before others; then names. Operate's own row comes after all others, unless it is down. What tells nothing of requests, or of too few, comes last.
 */
export const worstFirst =
  (production: readonly string[]) =>
  (a: ServiceRow, b: ServiceRow): number => {
    const inProduction = (row: ServiceRow) => Number(row.environment !== null && production.includes(row.environment));
    const behind = (row: ServiceRow) => Number(isConsole(row) && row.health !== "down");
    return (
      compared(behind(b), behind(a)) ||
      compared(Number(isAilment(a.health)), Number(isAilment(b.health))) ||
      compared(bandOf(usersHurt(a)), bandOf(usersHurt(b))) ||
      compared(Number(a.openIncident !== null), Number(b.openIncident !== null)) ||
      compared(Number(isGuess(b)), Number(isGuess(a))) ||
      compared(HEALTH_STATES.indexOf(a.health), HEALTH_STATES.indexOf(b.health)) ||
      compared(Number(a.activeDeployment !== null), Number(b.activeDeployment !== null)) ||
      compared(ORIGINS.indexOf(b.origin), ORIGINS.indexOf(a.origin)) ||
      compared(inProduction(a), inProduction(b)) ||
      (a.environment ?? "").localeCompare(b.environment ?? "") ||
      a.service.localeCompare(b.service)
    );
  };
