import type { LogSource } from "../../agent/ports/log-source.ts";
import type { StoreParts } from "../write/record-writer.ts";
import { answered, BUILT_IN } from "./answer.ts";
import { countLines, countOrigins, countPatterns } from "./counted-lines.ts";
import { linesAround, readLines } from "./read-lines.ts";

export function createLogSource(parts: StoreParts): LogSource {
  const { database, now } = parts;
  return {
    info: BUILT_IN,
    lines: async (query, signal) => answered(await readLines(database, query, signal), now()),
    counts: async (query, signal) => answered(await countLines(parts, query, signal), now()),
    origins: async (query, signal) => answered(await countOrigins(parts, query, signal), now()),
    around: async (query) => answered(await linesAround(database, query), now()),
    patternCounts: async (query, signal) => answered(await countPatterns(parts, query, signal), now()),
  };
}
