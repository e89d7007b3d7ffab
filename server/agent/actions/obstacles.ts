import { AppError } from "../kernel/errors.ts";
import type { Action } from "./words.ts";

/** What stands against an action. The policy finds obstacles; whatever acts refuses with them. Pure. */

export interface Obstacle {
  reason: "frozen" | "locked" | "wave";
  /** what it is, without what to do */
  message: string;
  /** what to do about it */
  way: string;
  details: Record<string, string>;
}

/** What an administrator sets aside, and why. */
export interface Override {
  reason: string;
  /** the obstacles, in words */
  what: string[];
}

/**
 * What stands against an action is set aside by who gives a reason; the caller has asked whether that person may. Null
 * when nothing stands against it. @throws PRECONDITION as `refuseObstacles` does, without a reason
 */
export function overrideObstacles(
  action: Action,
  obstacles: readonly Obstacle[],
  reason: string | undefined,
): Override | null {
  if (reason === undefined) refuseObstacles(action, obstacles);
  if (reason === undefined || obstacles.length === 0) return null;
  return { reason, what: obstacles.map(({ message }) => message) };
}

/** @throws PRECONDITION with `details.reason` of the first and all of them under `details.obstacles`. */
export function refuseObstacles(action: Action, obstacles: readonly Obstacle[]): void {
  const [first] = obstacles;
  if (!first) return;
  const told = obstacles.map(({ message, way }) => `${message} ${way}`).join(" ");
  throw new AppError(
    "PRECONDITION",
    `${told} An administrator may ${action} all the same and says why (overrideReason).`,
    {
      details: {
        reason: first.reason,
        ...first.details,
        obstacles: obstacles.map(({ reason, message, details }) => ({ reason, message, ...details })),
      },
    },
  );
}
