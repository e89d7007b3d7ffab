export { createLineJoiner, flushLines, type JoinedLines, joinLines, type LineJoiner } from "./lines/join-lines.ts";
export type { LineContext, LineEvent } from "./lines/line-event.ts";
export { parseLine } from "./lines/parse-line.ts";
export { matches } from "./match-line.ts";
export { formatQuery, parseQuery } from "./query-language.ts";
