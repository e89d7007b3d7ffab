import type { LogLineView } from "#server/agent/logs/schema.ts";
import { toCsv } from "../../lib/csv.ts";

const HEAD = ["at", "level", "service", "environment", "version", "instance", "trace_id", "body", "attributes"];

/** Lines as CSV with a head line, times as ISO 8601 in UTC. */
export const linesCsv = (lines: readonly LogLineView[]): string =>
  toCsv([
    HEAD,
    ...lines.map((line) => [
      line.at,
      line.level ?? "",
      line.service,
      line.environment,
      line.version,
      line.instance,
      line.traceId ?? "",
      line.body,
      Object.keys(line.attributes).length > 0 ? JSON.stringify(line.attributes) : "",
    ]),
  ]);

export const linesJson = (lines: readonly LogLineView[]): string => JSON.stringify(lines, null, 2);

/** One line as it would stand in a file: time, level, service, body. */
export const lineText = (line: LogLineView): string =>
  [line.at, line.level, line.service, line.body].filter(Boolean).join(" ");
