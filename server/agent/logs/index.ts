export { createLineJoiner, flushLines, joinLines, type StreamLine } from "./lines/join-lines.ts";
export { parseLine } from "./lines/parse-line.ts";
