import { type InstanceState, isLeaving } from "../../ports/workloads.ts";

/** What the rolling rule needs to know of an instance. */
export interface ObservedInstance {
  id: string;
  version: string;
  state: InstanceState;
  reason: string | null;
}

export interface RollingGoal {
  /** the version that is to run everywhere */
  version: string;
  /** number of instances that are to run it */
  wanted: number;
  /** instances above `wanted`, ready or not */
  maxSurge: number;
  /** instances that may be missing from `wanted` */
  maxUnavailable: number;
  /** how long an instance of `version` may be anything but ready */
  readyTimeoutMs: number;
}

export type RollingAction =
  | { do: "start" }
  | { do: "drainAndStop"; instance: ObservedInstance; why: string }
  | { do: "waitReady"; for: string[] }
  | { do: "fail"; instance: ObservedInstance; reason: string }
  | { do: "done" };

/** When each instance of the goal's version was first seen not ready, in milliseconds of `at`. */
export type UnreadySince = Readonly<Record<string, number>>;

/** Carries the clock of every instance that is still not ready over to the next observation. */
export function noteUnready(
  since: UnreadySince,
  instances: readonly ObservedInstance[],
  version: string,
  at: number,
): UnreadySince {
  const waiting = instances.filter((one) => one.version === version && !isLeaving(one) && one.state !== "ready");
  return Object.fromEntries(waiting.map((one) => [one.id, since[one.id] ?? at]));
}

/** It will not serve by itself soon: taking it away costs no capacity. */
const isBroken = (one: ObservedInstance) => one.state === "crash-looping" || one.state === "restarting";

/**
 * The one next thing to do on the way from what runs to `wanted` ready instances of one version, never going below
 * `wanted - maxUnavailable` ready ones nor above `wanted + maxSurge` in all. Looks only at what it is given, so a
 * resumed deployment goes on from whatever it finds.
 */
export function nextRollingAction(
  instances: readonly ObservedInstance[],
  goal: RollingGoal,
  unreadySince: UnreadySince,
  at: number,
): RollingAction {
  const staying = instances.filter((one) => !isLeaving(one));
  const fresh = staying.filter((one) => one.version === goal.version);
  const old = staying.filter((one) => one.version !== goal.version);
  const ready = staying.filter((one) => one.state === "ready").length;
  const freshReady = fresh.filter((one) => one.state === "ready").length;

  const [hopeless] = findUnrecoverable(fresh, goal.readyTimeoutMs, unreadySince, at);
  if (hopeless) return { do: "fail", ...hopeless };

  const hasRoom = instances.length < goal.wanted + goal.maxSurge;
  if (fresh.length < goal.wanted && hasRoom) return { do: "start" };

  const abandoned = instances.find((one) => one.state === "draining");
  if (abandoned) return { do: "drainAndStop", instance: abandoned, why: "it was already draining" };

  const down = old.find(isBroken) ?? old.find((one) => one.state !== "ready");
  if (down && (freshReady > 0 || !hasRoom))
    return { do: "drainAndStop", instance: down, why: `it runs ${down.version} and is ${down.state}` };

  const spare = ready - 1 >= goal.wanted - goal.maxUnavailable;
  const serving = old.find((one) => one.state === "ready");
  if (serving && spare) return { do: "drainAndStop", instance: serving, why: `it runs ${serving.version}` };

  if (fresh.length > goal.wanted && old.length === 0) {
    const surplus = fresh.find((one) => one.state !== "ready") ?? fresh.at(-1);
    if (surplus && (surplus.state !== "ready" || freshReady > goal.wanted))
      return { do: "drainAndStop", instance: surplus, why: `only ${goal.wanted} are wanted` };
  }
  if (freshReady >= goal.wanted && instances.length === goal.wanted) return { do: "done" };
  return { do: "waitReady", for: instances.filter((one) => one.state !== "ready").map((one) => one.id) };
}

/** An instance of the goal's version that will not become ready, and why. */
export interface Unrecoverable {
  instance: ObservedInstance;
  reason: string;
}

/** Those that will not become ready: they keep crashing, or had their time. Crashing ones come first. */
export function findUnrecoverable(
  fresh: readonly ObservedInstance[],
  readyTimeoutMs: number,
  unreadySince: UnreadySince,
  at: number,
): Unrecoverable[] {
  const because = ({ reason }: ObservedInstance) => (reason ? `: ${reason}` : "");
  const looping = fresh.filter((one) => one.state === "crash-looping");
  const late = fresh.filter(
    (one) => one.state !== "crash-looping" && at - (unreadySince[one.id] ?? at) >= readyTimeoutMs,
  );
  const seconds = Math.round(readyTimeoutMs / 1_000);
  return [
    ...looping.map((instance) => ({ instance, reason: `it keeps crashing${because(instance)}` })),
    ...late.map((instance) => ({ instance, reason: `it was not ready within ${seconds} s${because(instance)}` })),
  ];
}

/** 25 % of 4 is 1, of 10 is 3; never less than 1. */
export const surgeOf = (wanted: number, percent: number): number => Math.max(1, Math.ceil((wanted * percent) / 100));
