import { withoutConfidential } from "#server/agent/kernel/confidential/confidential.ts";
import { AppError } from "#server/agent/kernel/errors.ts";

/** What a person can do about an error of the machine, by its code. */
const ADVICE: Record<string, string> = {
  ENOENT: "There is no such file or folder",
  ENOTDIR: "A part of this path is no folder",
  EISDIR: "This is a folder; name a file",
  EACCES: "You may not use this",
  EPERM: "You may not use this",
  EROFS: "This cannot be written to",
  ENOSPC: "The disk is full; free some space",
  ENAMETOOLONG: "This path is too long",
  ELOOP: "This path leads back to itself",
  ECONNREFUSED: "Nothing answers there; start it, or name another address",
  ENOTFOUND: "There is no such host; name another address",
  // Prisma: no such table, no such column
  P2021: "This database was not set up by this release; start Operate on it once",
  P2022: "This database was not set up by this release; start Operate on it once",
};

/** Ends a script with 1 and one message without a stack: of ours as it is, of others with what can be done. */
export function failScript(error: unknown): void {
  console.error(withoutConfidential(messageOf(error)));
  process.exitCode = 1;
}

function messageOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  const { code, path, message } = Object.assign(new Error(), Object(error)) as NodeJS.ErrnoException;
  const advice = code === undefined ? undefined : ADVICE[code];
  const first = (error instanceof Error ? error.message : message).trim().split("\n").at(0) ?? "";
  return advice === undefined
    ? `Failed: ${first || "for a reason that it does not say"}`
    : `${advice}: ${path ?? first} (${code}).`;
}
