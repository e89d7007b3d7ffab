import { clipText } from "#server/agent/text/clip-text.ts";
import type { ExitInfo } from "./process.ts";

/** Why a process ended, in one line: how, after how long, and what it said itself. */

const LONGEST = 200;
/** as Node, Python, Java, Go and Rust begin the line that names what went wrong */
const NAMES_FAULT = /^(?:Uncaught )?(?:[\w.$]*(?:Error|Exception)\b|panic:|fatal(?: error)?:|thread '.*' panicked)/i;
const SAYS_NOTHING = /^(?:\s|Node\.js v\d|[{}[\]()]*$|goroutine \d)/;

/** Of the last lines of a process, oldest first, the one that says most: the fault's name rather than its stack. */
export function tellingLine(lines: readonly string[]): string | null {
  const texts = lines.map(messageOf);
  const telling =
    texts.findLast((text) => NAMES_FAULT.test(text)) ?? texts.findLast((text) => !SAYS_NOTHING.test(text));
  return telling ?? texts.at(-1) ?? null;
}

/** The message of a line of JSON; other lines as they are. */
function messageOf(text: string): string {
  if (!text.startsWith("{")) return text;
  try {
    const line = JSON.parse(text) as Record<string, unknown>;
    const message = line.msg ?? line.message;
    return typeof message === "string" && message !== "" ? message : text;
  } catch {
    return text; // a brace alone does not make it JSON
  }
}

export interface Ended {
  /** null: of an adopted process it is not known */
  exit: ExitInfo | null;
  ranForMs: number;
  said: string | null;
  /** nothing could be written any more where its logs are */
  diskFull: boolean;
}

export function describeExit({ exit, ranForMs, said, diskFull }: Ended): string {
  const how =
    exit === null ? "ended" : exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
  const after = `after ${ranForMs < 10_000 ? (ranForMs / 1_000).toFixed(1) : Math.round(ranForMs / 1_000)} s`;
  const full = diskFull ? " (the disk that holds its logs is full)" : "";
  return said === null ? `${how} ${after}${full}` : `${how} ${after}${full}: ${clipText(said, LONGEST)}`;
}

/** What did not go as it should when an instance was stopped; null when all went well. */
export function stopNote(stop: { killedAfterMs: number | null; leftInFlight: number }): string | null {
  const { killedAfterMs, leftInFlight } = stop;
  const killed =
    killedAfterMs === null ? [] : [`it did not end within ${killedAfterMs / 1_000} s of SIGTERM and was killed`];
  const left =
    leftInFlight === 0
      ? []
      : [
          `${leftInFlight} ${leftInFlight === 1 ? "request or connection was" : "requests or connections were"} still open after the time to drain`,
        ];
  return [...left, ...killed].join("; ") || null;
}
