import type { Choice } from "./route-choice.ts";

/** after so many seconds a client that was turned away may come again */
export const RETRY_AFTER = "5";
export const OVERLOADED = "The service has more requests than it can answer. Try again in a few seconds.";
export const TOO_LATE = "The rest of the request did not come in time. Try again.";
export const DENIED = new Set([401, 403]);
export const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** Bodies that go on until somebody has enough: a client that leaves one had its answer. */
const STREAMED =
  /^(?:text\/event-stream|multipart\/x-mixed-replace|application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines|json-seq|stream\+json))\b/i;

/** Whether headers, as names and values in turn, are those of such a body. */
export function isStream(headers: readonly string[]): boolean {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]?.toLowerCase() === "content-type") return STREAMED.test(headers[i + 1] ?? "");
  return false;
}

/**
 * Headers that an answer gets beside those of the instance: the caller's cookie, or the name of the version that
 * answered a preview, or of the one that was asked for by name and is not there.
 */
export function headersOfChoice(choice: Choice | null, missing: string | null, previewHeader: string | null): string[] {
  if (missing !== null) return [`${previewHeader}-missing`, missing.slice(0, 100)];
  if (choice === null) return [];
  const { setCookie, preview, version } = choice;
  const headers = setCookie === null ? [] : ["set-cookie", setCookie];
  if (preview && previewHeader !== null) headers.push(previewHeader, version);
  return headers;
}
