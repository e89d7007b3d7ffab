import type { z } from "zod";
import { worstFirst } from "../../actions/warnings.ts";
import { AppError } from "../../kernel/errors.ts";
import { type Disk, diskLevel, diskSentence, isDiskFull } from "../../kernel/storage/disk.ts";
import { fullDisk, fullDiskSentence } from "../../kernel/storage/storage-failure.ts";
import { describeSeconds } from "../../text/durations.ts";
import { utc } from "../../text/utc.ts";
import type { RolloutRules } from "../config.ts";
import { STEP_TRAITS } from "../words.ts";
import type { PlanWarning } from "./plan-schema.ts";
import { effectiveStrategy, type Planned, type Situation, waitForRequests } from "./planned.ts";
import { dependencyWarnings, serviceWarnings } from "./service-context.ts";

/** What somebody should know before agreeing to a deployment, worst first. Pure. */

type Warning = z.infer<typeof PlanWarning>;

/** A freeze that begins so soon after the end is worth a word. */
const FREEZE_NEAR_MS = 2 * 3_600_000;

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

export function warningsOf(planned: Planned, situation: Situation, expectedSeconds: number): Warning[] {
  const { strategy, previousVersion, options } = planned;
  const { ready, instances } = situation;
  const { sticky } = options.rules.canary;
  const hooks = planned.steps.filter((step) => step.kind === "hook").length;
  const found: (Warning | null)[] = [
    ...situation.overridden.map((what) => warning("overridden", "warning", `Set aside by you: ${what}`)),
    // going back is the answer to what is wrong with the service itself
    ...(planned.kind === "deploy" ? serviceWarnings(planned, situation) : []),
    diskWarning(situation),
    ...dependencyWarnings(planned, situation),
    ...situation.notes.map((note) => warning("policy", "info", note)),
    previousVersion === null && strategy !== "rolling"
      ? warning(
          "not_compared",
          "warning",
          `Nothing else runs that it could be compared with or return to: ${strategy} comes down to rolling.`,
        )
      : null,
    ready < instances
      ? warning(
          "instances_not_ready",
          ready === 0 ? "critical" : "warning",
          `${instances - ready} of ${count(instances, "instance")} are not ready now.`,
        )
      : null,
    ...(planned.steps.some((step) => STEP_TRAITS[step.kind].waitsForRequests) ? judgeWarnings(planned, situation) : []),
    effectiveStrategy(planned) === "canary" && sticky
      ? warning(
          "sticky_callers",
          "info",
          `Callers stay with the version they are given (${sticky.by} ${sticky.name}), so the shares are reached only as new callers come.`,
        )
      : null,
    !options.rollbackOnFailure && previousVersion !== null
      ? warning("no_rollback", "warning", "Rollback on failure is off: somebody has to be there to decide.")
      : null,
    freezeWarning(planned, situation, expectedSeconds),
    hooks > 0
      ? warning(
          "hooks",
          "info",
          `It runs ${count(hooks, "hook")}: ${hookNames(options.rules)}. One that refuses stops it.`,
        )
      : null,
  ];
  return worstFirst(found.filter((one) => one !== null));
}

const warning = (kind: Warning["kind"], severity: Warning["severity"], message: string): Warning => ({
  ...{ kind, severity, message },
});

/** With so little room a deployment may not be written down, and what is not written down is not started. */
function diskWarning({ disk }: Situation): Warning | null {
  if (!disk || diskLevel(disk) !== "full") return null;
  return warning("disk_full", "critical", isDiskFull(disk) ? refusal(disk) : (diskSentence(disk) ?? ""));
}

/** Nothing is begun that cannot be written down. @throws UPSTREAM_UNAVAILABLE while the disk is full */
export function refuseFullDisk(): void {
  const disk = fullDisk();
  if (disk) throw new AppError("UPSTREAM_UNAVAILABLE", refusal(disk));
}

const refusal = (disk: Disk): string => `No deployment can be carried out: ${fullDiskSentence(disk)}.`;

function freezeWarning({ kind }: Planned, { nextFreeze, at }: Situation, expectedSeconds: number): Warning | null {
  const endMs = at.getTime() + expectedSeconds * 1_000;
  if (kind !== "deploy" || !nextFreeze || nextFreeze.from.getTime() > endMs + FREEZE_NEAR_MS) return null;
  const begins = describeSeconds(Math.round((nextFreeze.from.getTime() - at.getTime()) / 1_000));
  return warning(
    "freeze_near",
    "warning",
    `The freeze window ${nextFreeze.name} begins in ${begins}. What runs goes on; a fix would have to wait until ${utc(nextFreeze.until)}.`,
  );
}

function judgeWarnings(planned: Planned, { requestsPerSecond, surroundings }: Situation): Warning[] {
  const { analysis } = planned.options.rules;
  const limit = describeSeconds(analysis.maxWaitSeconds);
  const few = (message: string) => [warning("few_requests", "warning", message)];
  if (requestsPerSecond === null)
    return few("How many requests come in is not known: the judge may have too little to compare, and would ask you.");
  if (requestsPerSecond === 0)
    return few(
      `${surroundings.service?.late ? "No request was answered" : "No requests"} in the last minutes: the judge will have nothing to compare and will ask you after ${limit} of each step.`,
    );
  const first = planned.steps.find((step) => step.weight !== null)?.weight ?? 100;
  const wait = waitForRequests(planned.options.rules, first, requestsPerSecond);
  if (wait <= analysis.minSeconds) return [];
  const text = `At ${rate(requestsPerSecond)} requests a second, ${first} % of them reach ${analysis.minRequests} requests, the least that the judge compares, only after ${describeSeconds(wait)}`;
  return few(wait > analysis.maxWaitSeconds ? `${text}; after ${limit} the judge asks you.` : `${text}.`);
}

const rate = (perSecond: number) => (perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(perSecond < 1 ? 2 : 1));

const hookNames = ({ hooks }: RolloutRules): string =>
  (["before", "between", "after"] as const)
    .filter((phase) => hooks[phase].length > 0)
    .map((phase) => `${phase} ${hooks[phase].map((hook) => hook.name).join(", ")}`)
    .join("; ");
