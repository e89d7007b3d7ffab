import type { ErrorDescription } from "../trpc/error-description.ts";

/** Why a deployment or a rollback was refused, taken apart so that each reason can stand with what to do about it. Pure. */

export type ObstacleReason = "frozen" | "locked" | "wave";

export interface Refusal {
  /** what stands against it and may be set aside by an administrator; empty: something else refused it */
  obstacles: { reason: ObstacleReason; message: string; advice: string }[];
  /** the deployment that is active there already */
  activeId: string | null;
  /** all of it in one text, for when it could not be taken apart */
  message: string;
}

const REASONS: readonly ObstacleReason[] = ["frozen", "locked", "wave"];
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

export function refusalOf({ message, code, details }: ErrorDescription): Refusal {
  const listed = Array.isArray(details?.obstacles) ? details.obstacles : [];
  const active = code === "CONFLICT" ? details?.deploymentId : null;
  return {
    obstacles: listed.flatMap((one: unknown) => obstacleOf(one)),
    activeId: typeof active === "string" ? active : null,
    message,
  };
}

function obstacleOf(one: unknown): Refusal["obstacles"] {
  if (!isRecord(one) || typeof one.message !== "string") return [];
  const reason = REASONS.find((known) => known === one.reason);
  return reason ? [{ reason, message: one.message, advice: adviceFor(reason, one) }] : [];
}

function adviceFor(reason: ObstacleReason, { lockedBy, requires }: Record<string, unknown>): string {
  switch (reason) {
    case "frozen":
      return "Wait until it ends. Going back to an earlier version is allowed.";
    case "locked":
      return typeof lockedBy === "string" ? `Ask ${lockedBy}, or unlock it.` : "Unlock it first.";
    case "wave":
      return typeof requires === "string"
        ? `It has to pass in ${requires} first.`
        : "It has to pass in the environment before first.";
  }
}
