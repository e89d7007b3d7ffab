/** Something a person can put right; its message says how and is all they see. */
export class SetupError extends Error {}

const CAUSES = [
  [
    /EROFS|read-only file system/i,
    "The folder is on a read-only file system. Copy the project to one you can write to.",
  ],
  [/ENOSPC|no space left/i, "The disk is full. Free some space and try again."],
  [/EACCES|EPERM|permission denied/i, "The project folder is not writable for you. Change its owner or copy it."],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/,
    "The npm registry cannot be reached. Check the network, the proxy and `npm config get registry`, and try again.",
  ],
  [
    /EUSAGE|in sync/i,
    "package.json and package-lock.json do not fit together. Run `npm install` and commit the lockfile.",
  ],
  [/\bKilled\b|SIGKILL|heap out of memory/, "It ran out of memory. About 2 GB must be free."],
];

const LINES = 25;

/** The last lines of a failed command and, where it is known, what to do about them. */
export function explainFailure(what, output) {
  const lines = output
    .trimEnd()
    .split("\n")
    .filter((line) => line.trim() && !/^\s+at /.test(line));
  const hint = CAUSES.find(([pattern]) => pattern.test(output))?.[1];
  return new SetupError(
    [`${what} failed.${hint ? ` ${hint}` : ""} It ended with:`, ...lines.slice(-LINES)].join("\n  "),
  );
}
