import { setTimeout as delay } from "node:timers/promises";
import type { ScrapeTarget } from "../telemetry/config.ts";
import { type ScrapeParts, scrapeTarget } from "./scrape-target.ts";

interface Options extends ScrapeParts {
  targets: readonly ScrapeTarget[];
  report: (message: string, error: unknown) => void;
}

/**
 * Asks every target at its interval until `signal` aborts. Targets stand at even distances within their intervals, so
 * that they are not all asked at once; one that is slow is asked again at its next turn, never twice at a time.
 */
export async function scrapeTargets(options: Options, signal: AbortSignal): Promise<void> {
  await Promise.all(
    options.targets.map((target, i) =>
      keepAsking(options, target, (i / options.targets.length) * target.intervalMs, signal),
    ),
  );
}

async function keepAsking(options: Options, target: ScrapeTarget, phaseMs: number, signal: AbortSignal): Promise<void> {
  const { now, report } = options;
  while (!signal.aborted) {
    const waitMs = target.intervalMs - ((now() - phaseMs) % target.intervalMs);
    await delay(waitMs, undefined, { signal }).catch(() => undefined); // aborted: the next line sees it
    if (signal.aborted) return;
    await scrapeTarget(options, target, signal).catch((error: unknown) =>
      report(`what ${target.name} shows could not be stored; tried again at its next turn`, error),
    );
  }
}
