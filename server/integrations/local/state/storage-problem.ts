import { AppError } from "#server/agent/kernel/errors.ts";

const WHY: Record<string, string> = {
  ENOSPC: "the disk is full. Free some space, or delete files if it has no inodes left (`df -i`)",
  EDQUOT: "the disk quota is used up. Free some space",
  EROFS: "the file system is read-only. Make it writable",
  EACCES: "it is not allowed. Give its folder back to the user that runs Operate",
  EMFILE: "too many files are open. Raise the limit of open files",
};

const TAKES_NOTHING = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO"]);

/** Whether a write failed because the disk takes nothing more, rather than for what was asked of it. */
export const diskTakesNothing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && TAKES_NOTHING.has(String(error.code));

/** Why a file could not be written, as a PRECONDITION that says what to do; other faults are given back as they are. */
export function storageProblem(cause: unknown, path: string): unknown {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (code === undefined) return cause;
  const why = WHY[code] ?? `${code}. Look after that folder`;
  return new AppError("PRECONDITION", `${path} cannot be written: ${why}, then try again.`, { cause });
}
