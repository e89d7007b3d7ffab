/** after so many seconds a client that was turned away may come again */
export const RETRY_AFTER = "5";
export const OVERLOADED = "The service has more requests than it can answer. Try again in a few seconds.";
export const DENIED = new Set([401, 403]);
export const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** Bodies that go on until somebody has enough: a client that leaves one had its answer. */
export const STREAMED =
  /^(?:text\/event-stream|multipart\/x-mixed-replace|application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines|json-seq|stream\+json))\b/i;
