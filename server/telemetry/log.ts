import { type Logger, pino } from "pino";
import { keepEnvironmentConfidential, withoutConfidential } from "../agent/kernel/confidential/confidential.ts";
import { traceIds } from "../agent/telemetry/span.ts";
import { boundedLine } from "./log-line.ts";

export type { Logger };

const SECRET_PATHS = ["password", "token", "secret", "authorization", "cookie"].flatMap((key) => [
  key,
  `*.${key}`,
  `*.*.${key}`,
]);

/**
 * A structured logger: JSON lines on stdout with the component's name, secrets and resolved placeholders redacted. `LOG_LEVEL` sets the level
 * (default info). Errors go under `err` with their cause chain. Lines written inside a span carry its ids.
 */
export function createLogger(component: string): Logger {
  keepEnvironmentConfidential(process.env);
  return pino({
    level: process.env.LOG_LEVEL ?? "info",
    base: { component, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: traceIds,
    hooks: {
      // cut only afterwards: a value that is cut would no longer be known
      streamWrite: (line) => boundedLine(withoutConfidential(line)),
    },
    redact: { paths: [...SECRET_PATHS, "*.headers.authorization", "*.headers.cookie"], censor: "[redacted]" },
  });
}
