/** Lines that go on with what the line before began: stack traces of the usual runtimes, and indented text. */

/** What the event before a line was in the middle of. */
export type TraceMode =
  | "plain"
  /** Python and old Ruby: the frames are indented, then one line names the exception */
  | "traceback"
  | "go"
  | "rust"
  /** the place, the source line, a caret, and only then the error */
  | "node";

/** A time or a level where a line begins: whatever came before is complete. */
const HEAD =
  /^(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:|(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:|[IWEFD]\d{4} \d\d:|[DIWEFA], \[\d{4}-|\[?\d\d:\d\d:\d\d|\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b|(?:time|ts|level)=)/;

const ALWAYS =
  /^(?:Caused by: |Suppressed: |\.{3} \d+ more|Stack trace:$|goroutine \d+ \[|stack backtrace:|note: run with `RUST_BACKTRACE|Node\.js v\d|[}\])]+[,;]?$)/;
/** A Java or .NET exception with its package: log4j prints it in a line of its own, below the message. */
const QUALIFIED_EXCEPTION =
  /^(?:[A-Za-z_$][\w$]{0,99}\.){1,12}[A-Z][\w$]{0,99}(?:Exception|Error|Throwable|Failure)(?::|$)/;
/** Java logs exceptions as warnings, too; below a Python warning a traceback is of a crash. */
const [WARN, ERROR] = [13, 17];

const TRACEBACK = /^Traceback \(most recent call last\):?/;
const CHAINED = /^(?:During handling of the above exception|The above exception was the direct cause)/;
const GO =
  /^(?:goroutine \d+ \[|created by |exit status \d+$|\[signal |\t|r\w{1,3} +0x|\.\.\.(?:additional|\d+ frames)|[\w./*()[\]{}·…-]{1,300}\(.{0,2000}\)$)/;
const RUST_PANIC = /^thread '[^']{0,100}'(?: \(\d+\))? panicked at /;
const SOURCE_PLACE = /^(?:node:\S{1,200}|(?:file:\/\/|\/|[A-Z]:\\).{1,1000}\.[cm]?[jt]sx?):\d+$/;
const CARET = /^\s*\^+$/;
const PHP_FRAME = /^#\d+ /;

/** The mode an event is in whose first line this is. */
export function modeOf(line: string): TraceMode {
  if (TRACEBACK.test(line)) return "traceback";
  if (/^(?:panic: |fatal error: |goroutine \d+ \[)/.test(line)) return "go";
  if (RUST_PANIC.test(line)) return "rust";
  return SOURCE_PLACE.test(line) ? "node" : "plain";
}

const isJson = (line: string): boolean => line.startsWith("{") && line.endsWith("}");
const isIndented = (line: string): boolean => line.startsWith(" ") || line.startsWith("\t");

export interface Before {
  mode: TraceMode;
  /** the last line of the event that was not empty */
  last: string;
  /** SeverityNumber of its first line; asked only where it matters */
  severity: () => number;
}

/** Whether a line goes on with the event before, and the mode after it; null when it begins an event of its own. */
export function continuation(line: string, before: Before): TraceMode | null {
  const { mode, last } = before;
  if (line.trim() === "") return mode;
  if (isJson(line)) return null;
  if (isIndented(line)) return HEAD.test(line.trimStart()) ? null : mode;
  if (HEAD.test(line)) return null;
  if (/^goroutine \d+ \[/.test(line)) return "go";
  if (ALWAYS.test(line)) return mode;
  if (TRACEBACK.test(line))
    return CHAINED.test(last) || (mode === "plain" && before.severity() >= ERROR) ? "traceback" : null;
  // a second exception below the frames of a first is another failure
  const isFirst = !isIndented(last) && !QUALIFIED_EXCEPTION.test(last);
  if (mode === "plain" && isFirst && QUALIFIED_EXCEPTION.test(line)) return before.severity() >= WARN ? "plain" : null;
  return inMode(line, mode, last);
}

function inMode(line: string, mode: TraceMode, last: string): TraceMode | null {
  switch (mode) {
    case "traceback":
      // the line after the frames names the exception and ends them
      return isIndented(last) ? "traceback" : CHAINED.test(line) ? "traceback" : null;
    case "go":
      return GO.test(line) ? "go" : null;
    case "rust":
      return RUST_PANIC.test(last) && last.endsWith(":") ? "rust" : null;
    case "node":
      return SOURCE_PLACE.test(last) || CARET.test(last) || CARET.test(line) ? "node" : null;
    case "plain":
      return CHAINED.test(line) || (PHP_FRAME.test(line) && /^(?:Stack trace:|#\d+ )/.test(last)) ? "plain" : null;
  }
}
