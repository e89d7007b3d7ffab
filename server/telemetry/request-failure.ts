import type { IncomingMessage } from "node:http";
import { clipText } from "../agent/text/clip-text.ts";
import { escapeHiding } from "../agent/text/visible-text.ts";

const MOST_REASON = 300;
const MOST_PATH = 200;

/**
 * What a log line says of a request that failed before any handler of ours: whoever can reach the port can cause it, so
 * it has no stack, no query, and a length.
 */
export function failureOf({ method, url }: Pick<IncomingMessage, "method" | "url">, thrown: unknown) {
  const shown = (text: string, most: number) =>
    escapeHiding(clipText(text.split("\n", 1)[0] ?? "", most).toWellFormed());
  return {
    method: shown(method ?? "", 20),
    path: shown(url?.split("?")[0] ?? "", MOST_PATH),
    reason: shown(thrown instanceof Error ? thrown.message : String(thrown), MOST_REASON),
  };
}
