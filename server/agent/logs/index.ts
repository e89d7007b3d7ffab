export { analyzeLogs } from "./analyze-logs.ts";
export { createLineJoiner, flushLines, joinLines } from "./lines/join-lines.ts";
export { parseLine } from "./lines/parse-line.ts";
export { logContext } from "./log-context.ts";
export { logCounts } from "./log-counts.ts";
export { logFacets } from "./log-facets.ts";
export { searchLogs } from "./search-logs.ts";
export { updatePattern } from "./update-pattern.ts";
