import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../telemetry/log.ts";

/** Runs `work` now and again `everyMs` after each end, until stopped; a failure is logged and tried again next time. */
export function startPeriodic(
  name: string,
  everyMs: number,
  log: Logger,
  work: () => Promise<void>,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async () => {
    while (!signal.aborted) {
      await work().catch((err: unknown) =>
        log.warn({ err, part: name }, "a background part failed; tried again later"),
      );
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
