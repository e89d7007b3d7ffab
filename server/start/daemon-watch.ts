import { setTimeout as delay } from "node:timers/promises";
import { askDaemon, type DaemonSelf, isRunning, type RunningDaemon } from "../integrations/local/running-daemon.ts";
import { measureSilence, silenceNotices } from "./silence.ts";

const ASK_AGAIN_MS = 50;
const LOOK_MS = 1_000;
/** A question that is open so long reached a daemon that listens: it was ready, and a resumed one would answer it. */
const LISTENS_AFTER_MS = 500;
/** of one that does not listen yet: it still loads its modules or takes over instances, on whatever machine this is */
const STARTING_SILENT_MS = 120_000;

export const HUNG = Symbol("hung");

export interface DaemonWatch {
  /** the first answer; null when there will be none */
  answered: Promise<DaemonSelf | null>;
  /** resolves when the daemon hangs, else never */
  hung: Promise<typeof HUNG>;
  end(): void;
}

/**
 * Asks a daemon again and again. It hangs when its socket takes a question and nothing comes back for `hangMs`, in
 * which time neither we nor the machine stood still; before it listens it has longer.
 */
export function watchDaemon(
  dataDir: string,
  daemon: RunningDaemon,
  { hangMs, signal, notice }: { hangMs: number; signal: AbortSignal; notice: (line: string) => void },
): DaemonWatch {
  const answered = Promise.withResolvers<DaemonSelf | null>();
  const hung = Promise.withResolvers<typeof HUNG>();
  const ending = new AbortController();
  const over = AbortSignal.any([signal, ending.signal]);
  const everyMs = Math.min(LOOK_MS, hangMs / 5);
  let first = true;
  let listened = false;
  const limitMs = () => (listened ? hangMs : STARTING_SILENT_MS);
  const silence = measureSilence(
    daemon.pid,
    everyMs,
    silenceNotices({ name: "daemon", pid: daemon.pid, limitMs }, notice),
  );

  const keepAsking = async () => {
    while (!over.aborted && isRunning(daemon)) {
      const open = setTimeout(() => {
        listened = true;
      }, LISTENS_AFTER_MS);
      const answer = await askDaemon(dataDir);
      clearTimeout(open);
      if (answer) {
        silence.heard();
        listened = true;
        answered.resolve(answer);
        first = false;
      } else if (first) listened = false; // refused: it is on its way up
      await delay(first ? ASK_AGAIN_MS : everyMs, undefined, { signal: over }).catch(() => undefined);
    }
    answered.resolve(null);
  };
  keepAsking().catch(answered.reject);
  over.addEventListener("abort", () => answered.resolve(null), { once: true });
  const timer = setInterval(() => {
    const { silentMs } = silence.look();
    if (silentMs <= limitMs() || !isRunning(daemon)) return;
    clearInterval(timer);
    hung.resolve(HUNG);
  }, everyMs);
  const end = () => {
    clearInterval(timer);
    ending.abort();
  };
  over.addEventListener("abort", () => clearInterval(timer), { once: true });
  return { answered: answered.promise, hung: hung.promise, end };
}
