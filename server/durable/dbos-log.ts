import type { DLogger } from "@dbos-inc/dbos-sdk";
import { createLogger } from "../telemetry/log.ts";

const WINDOW_MS = 10_000;
const MAX_PER_WINDOW = 20;

/**
 * DBOS's own logging on our log: its chatter at debug level, and at most 20 warnings and errors in 10 s, because it
 * repeats them on every poll while the database is away.
 */
export function dbosLogger(now: () => number = Date.now): DLogger {
  const log = createLogger("durable");
  let windowStart = 0;
  let written = 0;
  const bounded = (write: (suppressed: number) => void) => {
    if (now() - windowStart > WINDOW_MS) {
      windowStart = now();
      written = 0;
    }
    written += 1;
    if (written <= MAX_PER_WINDOW) write(written);
  };
  return {
    debug: (entry) => log.trace(String(entry)),
    info: (entry) => log.debug(String(entry)),
    warn: (entry) => bounded(() => log.warn(String(entry))),
    error: (entry, metadata) => bounded(() => log.error({ stack: metadata?.stack }, String(entry))),
  };
}
