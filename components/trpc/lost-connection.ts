import { DATABASE_AWAY, DISK_FULL } from "#server/agent/text/storage-words.ts";
import { describeError } from "./error-description.ts";

/** Whether what the tab shows follows the system. Pure, so that it can be tested without a browser. */

/**
 * `answer`: a read waits for its answer for too long; `stream`: Operate answers reads, but does not let the tab follow;
 * `behind`: all is back, and what is shown is older than that; the worst comes first
 */
const CAUSES = ["connection", "database", "answer", "stream", "behind"] as const;
export type Cause = (typeof CAUSES)[number];
export interface Lost {
  cause: Cause;
  /** ms since the epoch: what is shown was true then */
  asOf: number;
}

/** The live stream says something at least this often; a silence is noticed only after it. */
export const HEARTBEAT_MS = 10_000;

/** A read that waits for longer has a sign of its own that something hangs. */
const HUNG_MS = 6_000;
/** These read as much as a person asks for, say themselves for how long they read, and can be stopped. */
const LONG_READS: readonly unknown[] = ["logs", "traces", "metrics"];

interface Read {
  isActive(): boolean;
  state: { status: string; error: unknown; dataUpdatedAt: number; errorUpdatedAt: number };
}
interface OpenRead extends Read {
  queryKey: readonly unknown[];
  state: Read["state"] & { fetchStatus: string };
}

const isLong = ({ queryKey: [path] }: OpenRead): boolean => !Array.isArray(path) || LONG_READS.includes(path[0]);

/** Why a read failed, where that concerns everything that is shown; null for a failure of its own. */
export function causeOf(error: unknown): Cause | null {
  const { code, message } = describeError(error);
  if (code === null) return "connection";
  return message.startsWith(DATABASE_AWAY) || message.includes(DISK_FULL) ? "database" : null;
}

/** Of a read on the page that fails for want of an answer: why, and how old its data are; else null. */
export function lostBy(read: Read): Lost | null {
  const { state } = read;
  if (state.status !== "error" || !read.isActive()) return null;
  const cause = causeOf(state.error);
  return cause && { cause, asOf: state.dataUpdatedAt || state.errorUpdatedAt };
}

/** Of a read on the page that began at `since` and has no answer yet at `now`, where that is too long; else null. */
export function hungBy(read: OpenRead, since: number | undefined, now: number): Lost | null {
  const { fetchStatus, dataUpdatedAt } = read.state;
  if (since === undefined || now - since < HUNG_MS || fetchStatus !== "fetching" || !read.isActive()) return null;
  if (isLong(read)) return null;
  return { cause: "answer", asOf: dataUpdatedAt || since };
}

/**
 * Of a read on the page whose answer is older than `from`, when changes may have been missed; else null. One that failed
 * since says so itself where it stands.
 */
export function behindBy(read: OpenRead, from: number, now: number): Lost | null {
  const { dataUpdatedAt, errorUpdatedAt, status } = read.state;
  // a clock that was set back would leave every answer behind
  if (dataUpdatedAt === 0 || dataUpdatedAt >= from || from > now || !read.isActive() || isLong(read)) return null;
  return status === "error" && errorUpdatedAt >= from ? null : { cause: "behind", asOf: dataUpdatedAt };
}

/**
 * As of when an answer is shown that may no longer hold: by its own age, not by the connection alone, which is back
 * before the answer is read again. Null while it holds, and where there is none.
 */
export function shownAsOf(
  { dataUpdatedAt, error }: { dataUpdatedAt: number; error?: unknown },
  { lost, from }: { lost: Lost | null; from: number },
): number | null {
  const mayBeOld = error || (lost && lost.cause !== "behind") || dataUpdatedAt < from;
  return mayBeOld && dataUpdatedAt > 0 ? dataUpdatedAt : null;
}

/** The worst of what the browser, the stream and the reads know; as of the earliest of them. */
export function worstOf(known: readonly (Lost | null)[]): Lost | null {
  const lost = known.filter((one) => one !== null);
  if (lost.length === 0) return null;
  return {
    cause: CAUSES.find((worst) => lost.some(({ cause }) => cause === worst)) ?? "connection",
    asOf: Math.min(...lost.map(({ asOf }) => asOf)),
  };
}
