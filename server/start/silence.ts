import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Tells a process that hangs from one that gets little of a busy machine. */

/** What the kernel says of a process; null where it says nothing, as on other systems than Linux. */
export interface ProcessSample {
  /** `R` runs or wants to, `S` waits, `D` waits for a disk, `T` is stopped, `t` is held by a debugger */
  state: string;
  cpuMs: number;
}

const TICK_MS = 10;
/** a process that is held back by the machine gets so many times longer */
const PATIENCE = 6;
const BUSY_SHARE = 0.25;
const LATE_MS = 250;

/**
 * How much of `elapsedMs` counts as silence: all of it for a process that is stopped, waits, or spins; a sixth for one
 * that wants to run and is not let, and when our own timer was late, too; nothing for one held by a debugger.
 */
export function countedSilenceMs(
  before: ProcessSample | null,
  now: ProcessSample | null,
  { elapsedMs, everyMs }: { elapsedMs: number; everyMs: number },
): number {
  if (elapsedMs > 2 * everyMs + LATE_MS) return everyMs / PATIENCE; // we were paused ourselves, as the machine may have been
  if (before === null || now === null) return elapsedMs;
  if (now.state === "t") return 0;
  const cpuMs = now.cpuMs - before.cpuMs;
  const slowed = cpuMs > 0 ? cpuMs < BUSY_SHARE * elapsedMs : now.state === "R" || now.state === "D";
  return slowed ? elapsedMs / PATIENCE : elapsedMs;
}

export function sampleProcess(pid: number): ProcessSample | null {
  if (process.platform !== "linux") return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
  } catch {
    return null; // gone
  }
}

/** a silence that lasts so long is told while nothing is done about it yet */
const TOLD_AFTER_MS = 5_000;

/** Told once of a silence that lasts, and once of its end. */
export interface SilenceListener {
  silent(seconds: number): void;
  answers(): void;
}

/** Notices for a person at the terminal. `limitMs`: the silence after which the process is replaced. */
export function silenceNotices(
  { name, pid, limitMs }: { name: string; pid: number | undefined; limitMs: () => number },
  notice: (line: string) => void,
): SilenceListener {
  const who = `${name} (pid ${pid})`;
  return {
    silent: (seconds) =>
      notice(`${who} has not answered for ${seconds} s; after ${limitMs() / 1_000} s it is killed and replaced.`),
    answers: () => notice(`${who} answers again.`),
  };
}

/** The silence of one process. `look` is called every `everyMs`. */
export function measureSilence(pid: number, everyMs: number, listener?: SilenceListener) {
  let before = sampleProcess(pid);
  let lookedAtMs = performance.now();
  let silentMs = 0;
  let told = false;
  return {
    /** it answered */
    heard: () => {
      silentMs = 0;
      if (told) listener?.answers();
      told = false;
    },
    /** Returns the counted silence until now, and whether the process is stopped, as by SIGSTOP. */
    look(): { silentMs: number; stopped: boolean } {
      const nowMs = performance.now();
      const now = sampleProcess(pid);
      silentMs += countedSilenceMs(before, now, { elapsedMs: nowMs - lookedAtMs, everyMs });
      before = now;
      lookedAtMs = nowMs;
      // until the next question is due, there is nothing to answer
      if (!told && silentMs >= TOLD_AFTER_MS + everyMs) {
        told = true;
        listener?.silent(Math.round(silentMs / 1_000));
      }
      return { silentMs, stopped: now?.state === "T" };
    },
  };
}

interface Asked {
  pid: number;
  /** one question; whether it was answered. One that has no answer is left open: a resumed process answers it */
  ask: () => Promise<boolean>;
  everyMs: number;
  silentMs: number;
  signal: AbortSignal;
  listener: SilenceListener;
}

/** Asks again and again. Resolves with true when the process hangs, with false when `signal` is aborted. */
export async function untilSilent({ pid, ask, everyMs, silentMs, signal, listener }: Asked): Promise<boolean> {
  const silence = measureSilence(pid, everyMs, listener);
  let open = false;
  while (!signal.aborted) {
    if (!open) {
      open = true;
      void ask()
        .then((answered) => answered && silence.heard())
        .finally(() => {
          open = false;
        });
    }
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted && silence.look().silentMs > silentMs) return true;
  }
  return false;
}
