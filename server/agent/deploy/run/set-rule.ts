import { isLeaving } from "../../ports/workloads.ts";
import { findUnrecoverable, type ObservedInstance, type UnreadySince, type Unrecoverable } from "./rolling.ts";

/** What is wanted of one version's set of instances. */
export interface SetGoal {
  version: string;
  /** ready instances of it */
  wanted: number;
  /** how long one may be anything but ready */
  readyTimeoutMs: number;
  /** one that does not come up is replaced instead of failing the goal: there is nowhere further back to go */
  replaceBroken: boolean;
}

export type SetAction =
  | { do: "start"; count: number }
  | { do: "replace"; hopeless: Unrecoverable[] }
  | { do: "fail"; hopeless: Unrecoverable }
  | { do: "wait" }
  | { do: "done" };

/** The next thing to do to have a whole set of one version, all of it at once, whatever else runs beside it. */
export function nextSetAction(
  instances: readonly ObservedInstance[],
  goal: SetGoal,
  unreadySince: UnreadySince,
  at: number,
): SetAction {
  const fresh = instances.filter((one) => one.version === goal.version && !isLeaving(one));
  const hopeless = findUnrecoverable(fresh, goal.readyTimeoutMs, unreadySince, at);
  const ready = fresh.filter((one) => one.state === "ready").length;
  const [first] = hopeless;
  if (first && !goal.replaceBroken) return { do: "fail", hopeless: first };
  if (ready >= goal.wanted) return { do: "done" };
  if (first) return { do: "replace", hopeless };
  if (fresh.length < goal.wanted) return { do: "start", count: goal.wanted - fresh.length };
  return { do: "wait" };
}

/** Who has to go so that `wanted` instances of one version are all there is, and why. */
export function surplusOf(
  instances: readonly ObservedInstance[],
  { version, wanted }: Pick<SetGoal, "version" | "wanted">,
): { instance: ObservedInstance; why: string }[] {
  const others = instances.filter((one) => one.version !== version);
  const own = instances.filter((one) => one.version === version);
  const staying = own.filter((one) => !isLeaving(one));
  const [ready, down] = [
    staying.filter((one) => one.state === "ready"),
    staying.filter((one) => one.state !== "ready"),
  ];
  const surplus = [...ready, ...down].slice(wanted);
  return [
    ...others.map((instance) => ({ instance, why: `it runs ${instance.version}` })),
    ...own.filter(isLeaving).map((instance) => ({ instance, why: "it was already draining" })),
    ...surplus.map((instance) => ({ instance, why: `only ${wanted} are wanted` })),
  ];
}
