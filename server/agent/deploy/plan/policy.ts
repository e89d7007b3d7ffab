import type { z } from "zod";
import type { FreezeWindow, Wave } from "../../config-deployment.ts";
import { AppError } from "../../kernel/errors.ts";
import { utc } from "../../text/utc.ts";
import type { LockView, WatchState } from "../schema.ts";
import { freezeAt } from "./freeze.ts";

/** What may stand against a deployment: a lock, a freeze window, a wave. Pure. */

export interface Obstacle {
  reason: "frozen" | "locked" | "wave";
  /** what it is, without what to do */
  message: string;
  /** what to do about it */
  way: string;
  details: Record<string, string>;
}

/** How a version did in an environment that a wave requires. */
export interface WaveState {
  environment: string;
  /** of its newest successful deployment there; `initial`: it has run there everywhere from the start */
  passed: { watchState: WatchState | null } | "initial" | null;
}

interface PolicyQuestion {
  service: string;
  environment: string;
  version: string;
  at: Date;
}

export function lockObstacle(lock: z.infer<typeof LockView> | null): Obstacle[] {
  if (!lock) return [];
  const { service, environment, reason, by, at } = lock;
  return [
    {
      reason: "locked",
      message: `${service} in ${environment} is locked by ${by.name} since ${utc(new Date(at))}: ${reason}.`,
      way: `Ask ${by.name}, or unlock it.`,
      details: { lockedBy: by.name, lockReason: reason, since: at },
    },
  ];
}

export function freezeObstacle(
  windows: readonly FreezeWindow[],
  { service, environment, at }: PolicyQuestion,
): Obstacle[] {
  const freeze = freezeAt(windows, { service, environment, at });
  if (!freeze) return [];
  return [
    {
      reason: "frozen",
      message: `${environment} is frozen until ${utc(freeze.until)} (${freeze.name}): nothing new is deployed.`,
      way: "Wait until then; rolling back is allowed.",
      details: { freeze: freeze.name, until: freeze.until.toISOString() },
    },
  ];
}

/** The environments in which a version must have passed before it may go to this one. */
export const requiredFor = (waves: readonly Wave[], environment: string): string[] => [
  ...new Set(waves.filter((wave) => wave.environment === environment).flatMap((wave) => wave.requires)),
];

export function waveObstacles(
  { service, environment, version }: PolicyQuestion,
  states: readonly WaveState[],
): Obstacle[] {
  return states.flatMap(({ environment: required, passed }): Obstacle[] => {
    if (passed === "initial" || (passed && passed.watchState !== "regressed")) return [];
    const how = passed ? "regressed after its deployment there" : "has no successful deployment there";
    return [
      {
        reason: "wave",
        message: `${environment} takes only what passed in ${required}, and ${service} ${version} ${how}.`,
        way: passed ? "Deploy a version that is well there." : `Deploy it to ${required} first.`,
        details: { requires: required },
      },
    ];
  });
}

/** What is worth knowing of those that passed. */
export const waveNotes = ({ version }: PolicyQuestion, states: readonly WaveState[]): string[] =>
  states.flatMap(({ environment, passed }) => {
    if (!passed || passed === "initial") return [];
    if (passed.watchState === "watching") return [`${version} is still being watched in ${environment}.`];
    return passed.watchState === "undecided"
      ? [`The watch over ${version} in ${environment} could not decide whether it holds.`]
      : [];
  });

/** @throws PRECONDITION with `details.reason` of the first and all of them under `details.obstacles`. */
export function refuseObstacles(obstacles: readonly Obstacle[]): void {
  const [first] = obstacles;
  if (!first) return;
  const told = obstacles.map(({ message, way }) => `${message} ${way}`).join(" ");
  throw new AppError(
    "PRECONDITION",
    `${told} An administrator may deploy all the same and says why (overrideReason).`,
    {
      details: {
        reason: first.reason,
        ...first.details,
        obstacles: obstacles.map(({ reason, message, details }) => ({ reason, message, ...details })),
      },
    },
  );
}
