import { appendFileSync, renameSync, statSync } from "node:fs";
import { monotonicMs } from "../agent/kernel/clock.ts";
import { confidentialStream } from "../agent/kernel/confidential/confidential.ts";

const MOST_BYTES = 5 * 2 ** 20;
const TAIL_LINES = 40;
const QUIET_MS = 10_000;
/** between two notices of one and the same trouble */
const SAME_QUIET_MS = 300_000;
const PINO_ERROR = 50;

interface Options {
  file: string;
  /** called with the message of an error the process logged, at most once in ten seconds, the same at most once in five minutes */
  onError: (message: string) => void;
}

/** Reads what a process prints: its errors are told, its end is kept in memory. */
export function createLogReader(onError: (message: string) => void) {
  let rest = "";
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  const saidAtMs = new Map<string, number>();
  const tail: string[] = [];

  const keep = (line: string) => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    const message = errorMessage(line);
    if (message !== null) report(message);
  };
  const report = (message: string) => {
    const nowMs = monotonicMs();
    for (const [said, atMs] of saidAtMs) if (nowMs - atMs >= SAME_QUIET_MS) saidAtMs.delete(said);
    if (nowMs < quietUntilMs || saidAtMs.has(message)) return;
    quietUntilMs = nowMs + QUIET_MS;
    saidAtMs.set(message, nowMs);
    onError(message);
  };

  return {
    report,
    read(chunk: string): void {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim()) keep(line);
    },
    /** The last lines for a person: messages instead of JSON, no stack frames. */
    lastLines: (count: number): string[] =>
      [...tail, rest]
        .filter((line) => line.trim() && !/^\s+at |^Node\.js v/.test(line))
        .map(readable)
        .slice(-count),
  };
}

/** Keeps what a process prints: in a file that is turned over at 5 MB (one older one is kept), its end in memory. */
export function createProcessLog({ file, onError }: Options) {
  const reader = createLogReader(onError);
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const append = (chunk: string) => {
    if (size > MOST_BYTES) {
      renameSync(file, `${file}.1`);
      size = 0;
    }
    appendFileSync(file, chunk, { mode: 0o600 });
    size += Buffer.byteLength(chunk);
  };
  const keep = (chunk: string) => {
    if (chunk === "") return;
    try {
      append(chunk);
    } catch (error) {
      reader.report(`its log ${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    }
    reader.read(chunk);
  };
  return {
    /** Where one output of the process goes: a stack that a dying process prints went through no logger. */
    output() {
      const clean = confidentialStream();
      return {
        write: (printed: string) => keep(clean.push(printed)),
        end: () => keep(clean.end()),
      };
    },
    lastLines: reader.lastLines,
  };
}

interface LogLine {
  level: number;
  msg: string;
  err?: { message?: string };
}

function parse(line: string): LogLine | null {
  if (!line.startsWith("{")) return null;
  try {
    const value: Partial<LogLine> = JSON.parse(line);
    return typeof value.level === "number" ? { msg: "", ...value, level: value.level } : null;
  } catch {
    return null; // a line that only looks like one of ours
  }
}

const describe = ({ msg, err }: LogLine): string =>
  err?.message && !msg.includes(err.message) ? `${msg}: ${err.message}` : msg;

const readable = (line: string): string => {
  const entry = parse(line);
  return entry ? describe(entry) : line;
};

function errorMessage(line: string): string | null {
  const entry = parse(line);
  return entry && entry.level >= PINO_ERROR ? describe(entry) : null;
}
