import { type CauseNode, causeOf } from "../health/index.ts";
import type { HealthState } from "../health/schema.ts";
import { HEALTH_STATES } from "../health/words.ts";
import { worstOf } from "./judge-service.ts";
import { isAilment } from "./rank.ts";
import type { ServiceRow, StatusReason } from "./schema.ts";
import { isOfRequests } from "./words.ts";

const keyOf = (service: string, environment: string | null): string => `${service}\n${environment ?? ""}`;

type Told = Pick<ServiceRow, "health" | "reasons">;
type Served = Told & Pick<ServiceRow, "traffic">;

/** Who calls a service gives up no sooner, as a rule: what answers faster makes nobody fail. */
const PATIENCE_MS = 1_000;

/** The worst that a service's reasons of some kinds say; "up": nothing. Down and failing fail their users alike. */
function ailmentOf({ health, reasons }: Told, isMeant: (reason: StatusReason) => boolean): HealthState {
  const states = isAilment(health) ? reasons.filter(isMeant).map(({ state }) => state) : [];
  return worstOf(["up", ...states.filter(isAilment).map((state) => (state === "down" ? "failing" : state))]);
}

/** Its users' requests fail or are not answered, or its check finds it down. */
const failureOf = (told: Told): HealthState =>
  ailmentOf(told, ({ kind, state }) => kind === "errors" || kind === "late" || (kind === "probe" && state === "down"));

/** Hurt by itself: its check fails, or its users' requests do. A silent platform or an old certificate explains nobody. */
export const isHurt = (told: Told): boolean => failureOf(told) !== "up" || ailmentOf(told, isOfRequests) !== "up";

/**
 * Whether what hurts a dependency may be why a service is hurt. Who answers late makes others late. That requests fail is
 * explained only by a dependency that fails no less, or answers so late that its callers give up.
 */
function explains(dependency: Served, service: Served): boolean {
  const failure = failureOf(service);
  if (failure === "up") return isHurt(dependency);
  if ((dependency.traffic.p95Ms ?? 0) >= PATIENCE_MS && isHurt(dependency)) return true;
  return HEALTH_STATES.indexOf(failureOf(dependency)) >= HEALTH_STATES.indexOf(failure);
}

/** The names that each service depends on. */
export type Dependencies = ReadonlyMap<string, readonly string[]>;

/**
 * The rows with the hurt dependency at the root of each hurt service, in the same environment; what its check was
 * explained by stays where no row explains it. `all` are the rows to look for causes in. Pure.
 */
export function withCauses(rows: readonly ServiceRow[], all: readonly ServiceRow[], on: Dependencies): ServiceRow[] {
  const hurt = all.filter(isHurt);
  if (hurt.length < 2) return [...rows];
  const known = new Map(hurt.map((row) => [keyOf(row.service, row.environment), row]));
  const nodes = new Map(
    [...known].map(([id, row]): [string, CauseNode] => {
      const asked = (on.get(row.service) ?? []).map((name) => keyOf(name, row.environment));
      const dependsOn = asked.filter((key) => {
        const dependency = known.get(key);
        return dependency !== undefined && explains(dependency, row);
      });
      const facts = { failing: true, down: row.health === "down", stateSinceMs: 0, intervalMs: 0, failureThreshold: 0 };
      return [id, { id, ...facts, dependsOn, causedBy: null }];
    }),
  );
  return rows.map((row) => {
    const cause = known.get(causeOf(keyOf(row.service, row.environment), nodes, 0) ?? "")?.service;
    return cause === undefined ? row : { ...row, causedBy: cause };
  });
}
