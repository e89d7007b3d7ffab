import { parseLine } from "./parse-line.ts";
import { continuation, modeOf, type TraceMode } from "./trace-lines.ts";

/** Lines of one stream (an instance's stdout or stderr) put together to events: a stack trace is one of them. */

const MAX_LINES = 500;
const MAX_CHARACTERS = 65_536;
/** A stream that is silent for so long has finished what it was writing. */
const QUIET_MS = 500;

export interface StreamLine {
  text: string;
  /** when it came in, ms since 1970 */
  atMs: number;
}

export interface JoinedLines {
  /** the lines with "\n" between them */
  text: string;
  /** when the first of them came in */
  atMs: number;
}

/** The event in the making; belongs to one stream. */
export interface LineJoiner {
  lines: string[];
  characters: number;
  firstMs: number;
  lastMs: number;
  mode: TraceMode;
  /** the last line that was not empty */
  last: string;
}

export const createLineJoiner = (): LineJoiner => ({
  lines: [],
  characters: 0,
  firstMs: 0,
  lastMs: 0,
  mode: "plain",
  last: "",
});

/**
 * Takes the next lines of a stream and returns the events that they complete, oldest first. What may go on is kept
 * back until a line begins something new, comes half a second later, or `flushLines` finds the stream quiet. An event
 * ends at 500 lines or 64 KiB; what follows is the next event, so that no line is lost.
 */
export function joinLines(joiner: LineJoiner, lines: readonly StreamLine[]): JoinedLines[] {
  const complete: JoinedLines[] = [];
  for (const line of lines) {
    const mode = joiner.lines.length > 0 ? goesOn(joiner, line) : null;
    if (mode === null) take(joiner, complete);
    add(joiner, line, mode ?? modeOf(line.text));
    if (line.text.startsWith("{") && line.text.endsWith("}")) take(joiner, complete);
  }
  return complete;
}

/** The event of a stream that has been quiet for half a second; with Infinity, of one that has ended. */
export function flushLines(joiner: LineJoiner, nowMs: number): JoinedLines[] {
  const complete: JoinedLines[] = [];
  if (nowMs - joiner.lastMs >= QUIET_MS) take(joiner, complete);
  return complete;
}

function goesOn(joiner: LineJoiner, { text, atMs }: StreamLine): TraceMode | null {
  if (
    atMs - joiner.lastMs >= QUIET_MS ||
    joiner.lines.length >= MAX_LINES ||
    joiner.characters + text.length > MAX_CHARACTERS
  )
    return null;
  const [first = ""] = joiner.lines;
  const severity = () => parseLine(first, { receivedMs: atMs }).severity;
  return continuation(text, { mode: joiner.mode, last: joiner.last, severity });
}

function add(joiner: LineJoiner, { text, atMs }: StreamLine, mode: TraceMode): void {
  if (joiner.lines.length === 0) {
    joiner.firstMs = atMs;
    joiner.last = "";
  }
  joiner.lines.push(text);
  joiner.characters += text.length + 1;
  joiner.lastMs = atMs;
  joiner.mode = mode;
  if (text.trim() !== "") joiner.last = text;
}

function take(joiner: LineJoiner, complete: JoinedLines[]): void {
  if (joiner.lines.length === 0) return;
  complete.push({ text: joiner.lines.join("\n"), atMs: joiner.firstMs });
  joiner.lines = [];
  joiner.characters = 0;
}
