import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Waits on its standard input, which closes when the supervisor is gone. Then it ends when another server runs on the
 * cluster (the next start began) or this one has ended, and stops this one when nobody came within the grace.
 */
const SCRIPT = `
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
read -r _ && exit 0
waited=0
while [ "$waited" -lt "$3" ]; do
  sleep 1
  waited=$((waited + 1))
  [ "$(head -n 1 "$1" 2>/dev/null)" = "$2" ] || exit 0
  kill -0 "$2" 2>/dev/null || exit 0
  [ -z "$4" ] || [ "$(started "$2")" = "$4" ] || exit 0
done
kill -INT "$2"
`;
const GRACE_SECONDS = 60;

/**
 * Watches over a postmaster so that it does not outlive a killed supervisor for ever: a shell of its own session stops
 * it `graceSeconds` after this process is gone. Returns how to release it, when the server has ended in order.
 */
export function guardPostgres(cluster: string, pid: number, graceSeconds = GRACE_SECONDS): { release(): void } {
  const guard: ChildProcess = spawn(
    "/bin/sh",
    [
      "-c",
      SCRIPT,
      "operate-postgres-guard",
      join(cluster, "postmaster.pid"),
      String(pid),
      String(graceSeconds),
      startOf(pid),
    ],
    { detached: true, stdio: ["pipe", "ignore", "ignore"], env: { ...process.env } },
  );
  guard.on("error", () => {}); // without a shell the next start stops the server instead
  guard.unref();
  guard.stdin?.on("error", () => {}); // the guard was ended by somebody else
  // the pipe is a socket of ours; it must not keep us running
  if (guard.stdin && "unref" in guard.stdin && typeof guard.stdin.unref === "function") guard.stdin.unref();
  return { release: () => guard.stdin?.end("done\n") };
}

/** The tick a process started at, so that a later one of the same number is not signalled; empty where it is not known. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
