import type { DLogger } from "@dbos-inc/dbos-sdk";
import { monotonicMs } from "../agent/kernel/clock.ts";
import { createLogger, type Logger } from "../telemetry/log.ts";

const WINDOW_MS = 10_000;
const MAX_PER_WINDOW = 20;

/**
 * DBOS's own logging on our log: its chatter at debug level, and at most 20 warnings and errors in 10 s, because it
 * repeats them on every poll while the database is away.
 */
export function dbosLogger(
  log: Pick<Logger, "trace" | "debug" | "warn" | "error"> = createLogger("durable"),
  now: () => number = monotonicMs,
): DLogger {
  let windowStart = now();
  let asked = 0;
  const bounded = (write: () => void) => {
    if (now() - windowStart > WINDOW_MS) {
      const suppressed = asked - MAX_PER_WINDOW;
      if (suppressed > 0) log.warn({ suppressed }, "left out messages of the durable engine");
      windowStart = now();
      asked = 0;
    }
    asked += 1;
    if (asked <= MAX_PER_WINDOW) write();
  };
  return {
    debug: (entry) => log.trace(String(entry)),
    info: (entry) => log.debug(String(entry)),
    warn: (entry) => bounded(() => log.warn(String(entry))),
    error: (entry, metadata) => bounded(() => log.error({ stack: metadata?.stack }, String(entry))),
  };
}
