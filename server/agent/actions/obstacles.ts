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
