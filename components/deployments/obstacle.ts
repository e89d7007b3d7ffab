import { describeError } from "../trpc/errors.ts";

const REASONS = ["frozen", "locked", "wave"];

/** Whether a deployment was refused for a reason that an administrator may set aside: a freeze, a lock, a wave. */
export const isObstacle = (error: unknown): boolean => {
  const reason = error ? describeError(error).details?.reason : null;
  return typeof reason === "string" && REASONS.includes(reason);
};
