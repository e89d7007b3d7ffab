import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Debian's `libfaketime`: it moves the wall clock of one process. */
const LIBRARY = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
].find((file) => existsSync(file));

export const canFakeClock = LIBRARY !== undefined;

/** A wall clock for a process that is started with `env`; the monotonic one stays as it is. */
export function fakeClock() {
  const dir = mkdtempSync(join(tmpdir(), "operate-clock-"));
  const file = join(dir, "offset");
  const clock = {
    env: {
      ...{ LD_PRELOAD: LIBRARY ?? "", FAKETIME_TIMESTAMP_FILE: file },
      ...{ DONT_FAKE_MONOTONIC: "1", FAKETIME_NO_CACHE: "1", FAKETIME_DONT_RESET: "1" },
    },
    offsetMs: 0,
    /** Sets the clock of the running process, by seconds against the real one. */
    set(seconds: number): void {
      writeFileSync(file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
      clock.offsetMs = seconds * 1_000;
    },
    now: () => new Date(Date.now() + clock.offsetMs),
    dispose: () => rmSync(dir, { recursive: true, force: true }),
  };
  clock.set(0);
  return clock;
}
