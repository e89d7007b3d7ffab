import { setTimeout as delay } from "node:timers/promises";

/**
 * Runs `work` now and again `everyMs` after each end, one run at a time; what it throws is told to `onError`, and it is
 * tried again next time. `stop` begins no further run and settles when the present one has ended.
 */
export function startPeriodic(
  everyMs: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async () => {
    while (!signal.aborted) {
      await work().catch(onError);
      await delay(everyMs, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition sees it
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
