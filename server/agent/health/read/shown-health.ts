import type { HealthState } from "../schema.ts";
import { HEALTH_STATES } from "../words.ts";

/** What the stored row says, as far as showing it goes. */
interface StoredHealth {
  name: string;
  state: string;
  maintenanceUntil: Date | null;
  lastCheckedAt: Date | null;
  intervalMs: number;
  timeoutMs: number;
}

/** Without a result for three intervals and a timeout, nothing is known any more. */
const staleAfterMs = (target: Pick<StoredHealth, "intervalMs" | "timeoutMs">): number =>
  3 * target.intervalMs + target.timeoutMs;

/** The state to show now: a result that is too old is unknown, never healthy; maintenance covers both. */
export function shownState(target: StoredHealth, now: Date): HealthState {
  const inMaintenance = target.maintenanceUntil !== null && target.maintenanceUntil > now;
  if (inMaintenance) return "maintenance";
  if (!target.lastCheckedAt || now.getTime() - target.lastCheckedAt.getTime() > staleAfterMs(target)) return "unknown";
  // maintenance is over and no result has come since
  return target.state === "maintenance" ? "unknown" : (target.state as HealthState);
}

const severity = (state: HealthState): number => HEALTH_STATES.indexOf(state);

/** Negative when `a` is worse than `b`. */
export const worseFirst = (a: HealthState, b: HealthState): number => severity(b) - severity(a);

/**
 * The worst of what is not muted. Where all is muted, up if all of it is: else nothing that counts tells. Unknown when
 * there is nothing to judge by.
 */
export function overallState(targets: readonly Pick<Summed, "state" | "muted">[]): HealthState {
  const counted = targets.filter((target) => !target.muted).map((target) => target.state);
  if (counted.length === 0 && targets.length > 0)
    return targets.every(({ state }) => state === "up") ? "up" : "unknown";
  return counted.sort(worseFirst)[0] ?? "unknown";
}

/** What counts and is unknown, by name: without one the overall state is not unknown. */
export function unknownOf(targets: readonly Pick<Summed, "name" | "environment" | "state" | "muted">[]): string[] {
  if (targets.length === 0) return ["no service and no health endpoint matches"];
  const counted = targets.filter(({ muted }) => !muted);
  if (counted.length === 0 && overallState(targets) === "unknown") return ["all that matches is muted"];
  const names = counted.filter(({ state }) => state === "unknown").map(label);
  const more = names.length - MOST_UNKNOWN;
  return more > 0 ? [...names.slice(0, MOST_UNKNOWN), `${more} more`] : names;
}
const MOST_UNKNOWN = 20;

interface Summed {
  name: string;
  environment: string | null;
  state: HealthState;
  muted: boolean;
  causedBy: string | null;
  /** what its users met, with its numbers */
  reason?: string | null;
}

const label = ({ name, environment }: Pick<Summed, "name" | "environment">): string =>
  environment ? `${name} (${environment})` : name;
const MOST_NAMES = 5;

/** One has its reason beside it; of several, each says its own where it stands. */
function listed(targets: readonly Summed[]): string {
  const names = targets.slice(0, MOST_NAMES).map(label).join(", ");
  if (targets.length > MOST_NAMES) return `${names} and ${targets.length - MOST_NAMES} more`;
  const reason = targets.length === 1 ? targets[0]?.reason : null;
  return reason ? `${names}: ${reason}` : names;
}

/** One sentence: what is down, what is only a consequence, what else is not well. */
export function summarize(targets: readonly Summed[]): string {
  if (targets.length === 0) return "Nothing is checked: no service and no health endpoint matches.";
  const heard = targets.filter((target) => !target.muted);
  if (heard.length === 0)
    return targets.every(({ state }) => state === "up")
      ? `All ${targets.length} checked targets are muted, and answer.`
      : `All ${targets.length} checked targets are muted: none of them counts for the overall state.`;
  const of = (state: HealthState) => heard.filter((target) => target.state === state);
  const ofRoots = (state: keyof typeof WORDS, roots: readonly Summed[]) =>
    roots.length > 0 ? `${WORDS[state]}: ${listed(roots)}.` : "";
  const ofConsequences = (state: (typeof HURT)[number]) => {
    const found = of(state).filter(({ causedBy }) => causedBy !== null);
    const causes = [...new Set(found.map((target) => target.causedBy))].join(", ");
    return found.length > 0 ? `${WORDS[state]} as a consequence: ${listed(found)} (caused by ${causes}).` : "";
  };
  const parts = [
    // a mild cause comes before its grave consequence: there it is mended
    ...HURT.map((state) =>
      ofRoots(
        state,
        of(state).filter(({ causedBy }) => causedBy === null),
      ),
    ),
    ...HURT.map(ofConsequences),
    ...(["unknown", "pending", "maintenance", "waiting"] as const).map((state) => ofRoots(state, of(state))),
  ].filter((part) => part !== "");
  const muted = targets.length - heard.length;
  if (muted > 0) parts.push(`${muted} muted.`);
  return parts.length === 0 || parts.length === Number(muted > 0)
    ? [
        heard.length === 1 ? "The only checked target answers." : `All ${heard.length} checked targets answer.`,
        ...parts,
      ].join(" ")
    : parts.join(" ");
}

const HURT = ["down", "failing", "degraded"] as const;
const WORDS = {
  down: "Down",
  failing: "Failing its users",
  degraded: "Degraded",
  unknown: "Without a fresh result",
  pending: "Failing, not yet confirmed",
  maintenance: "In maintenance",
  waiting: "Waiting for a decision",
};
