import { describeSeconds } from "../../text/durations.ts";
import type { Decision } from "../schema.ts";
import type { DeploymentPlan, PlannedStep } from "./procedure.ts";
import type { ObservedInstance } from "./rolling.ts";

/** What the procedure says to people. Pure. */

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

type Named = Pick<DeploymentPlan, "strategy" | "version" | "previousVersion">;

const WAYS = { rolling: "Rolling", "blue-green": "Blue-green", canary: "Canary", restore: "Straight back" } as const;

/** How it begins; comparisons, holds, hooks and decisions are waits: `Canary from 1.0.0 to 1.1.0, to be done within 10 min, not counting waits`. */
export const beginning = ({ strategy, version, previousVersion }: Named, timeoutSeconds: number): string =>
  `${WAYS[strategy]} from ${previousVersion ?? "nothing"} to ${version}, to be done within ${describeSeconds(timeoutSeconds)}, not counting waits`;

/** What it does during a step, in the words of a status line. */
export function doing(plan: Named, step: PlannedStep, weight: number | null, holdSeconds: number): string {
  const { version, previousVersion } = plan;
  const old = previousVersion ?? "what ran before";
  switch (step.kind) {
    case "roll":
      return `Replacing ${old} with ${version}, instance by instance`;
    case "bring_up":
      return `Bringing ${version} up to ${count(step.instances ?? 0, "instance")} beside ${old}`;
    case "verify":
      return `Asking ${version} questions of its own before users do`;
    case "weight":
      return `Sending ${step.weight ?? 0} % of the requests to ${version}`;
    case "analysis":
      return `${weight ?? 0} % of the requests to ${version}, comparing with ${old}`;
    case "hold":
      return `All requests go to ${version}; ${old} is kept ready for ${describeSeconds(holdSeconds)}`;
    case "retire":
      return `Letting ${old} finish its requests before it is stopped`;
    case "hook":
      return step.title;
  }
}

/** `Waiting for 1 open connection of 1.0.0, at most 30 s`; `open`: how many of each version, none of them 0 */
export const stillOpen = (open: ReadonlyMap<string, number>, limitSeconds: number): string =>
  `Waiting for ${connections(open)}, at most ${describeSeconds(limitSeconds)}`;

/** What follows a wait: `Stopping 2 instances of 1.0.0, with 1 open connection of 1.0.0` */
export function stoppingNow(
  stopping: readonly { instance: Pick<ObservedInstance, "version"> }[],
  open: ReadonlyMap<string, number>,
): string {
  const versions = [...new Set(stopping.map(({ instance }) => instance.version))].sort();
  const what = `Stopping ${count(stopping.length, "instance")} of ${versions.join(" and ")}`;
  return open.size === 0 ? what : `${what}, with ${connections(open)}`;
}

const connections = (open: ReadonlyMap<string, number>): string =>
  [...open].map(([version, many]) => `${count(many, "open connection")} of ${version}`).join(" and ");

const WORDS: Record<Decision, string> = {
  promote: "promote",
  retry: "retry",
  rollback: "roll back",
  abort: "abort",
  pause: "pause",
  resume: "resume",
};

/** `promote, retry, roll back or abort` */
export const choices = (options: readonly Decision[]): string =>
  new Intl.ListFormat("en-GB", { type: "disjunction" }).format(options.map((one) => WORDS[one]));

/** A reason without its full stop, to be put into a sentence. */
export const withoutFullStop = (reason: string): string => reason.replace(/(?<![.\s])[.\s]+$/, "");

/** What serves, in a sentence. */
export function serving(instances: readonly ObservedInstance[] | null): string {
  if (!instances) return "The platform does not answer, so what serves now is not known.";
  const counts = new Map<string, number>();
  for (const { version, state } of instances)
    if (state === "ready") counts.set(version, (counts.get(version) ?? 0) + 1);
  const list = [...counts].map(([version, ready]) => `${ready} × ${version}`).join(", ");
  return list ? `Serving now: ${list}.` : "Nothing is ready to serve now.";
}

/** `1 × 1.1.0 starting, 2 × 1.0.0 ready`: changes when something on the platform does. */
export function instanceSummary(instances: readonly ObservedInstance[] | null): string {
  if (!instances) return "no answer";
  const counts = new Map<string, number>();
  for (const { version, state } of instances) {
    const what = `${version} ${state}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const parts = [...counts].map(([what, many]) => `${many} × ${what}`);
  return parts.sort().join(", ") || "no instances";
}
