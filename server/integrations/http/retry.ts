const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
const RETRY_STATUS = new Set([429, 502, 503, 504]);
const BASE_MS = 100;
const CAP_MS = 5_000;

export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method);
export const isRetryStatus = (status: number): boolean => RETRY_STATUS.has(status);

/**
 * Wait before attempt `attempt` + 1 (the first is 1): exponential with full jitter (AWS Architecture Blog, "Exponential
 * Backoff and Jitter"), or what Retry-After asks for when that is longer. Milliseconds.
 */
export function retryDelayMs(attempt: number, retryAfter: string | null, nowMs: number, random = Math.random): number {
  const jittered = random() * Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1));
  return Math.max(jittered, retryAfterMs(retryAfter, nowMs));
}

function retryAfterMs(value: string | null, nowMs: number): number {
  if (!value) return 0;
  const asked = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(asked) ? Math.max(0, asked) : 0;
}
