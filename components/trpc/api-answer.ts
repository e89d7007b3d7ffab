import { ForeignAnswer } from "./foreign-answer.ts";

/** What the status and `Retry-After` of an answer that is not the API's say to a person. */
export function foreignAnswer({ status, headers }: Response, now = Date.now()): ForeignAnswer {
  const { code, message } = wordsOf(status, secondsOf(headers.get("retry-after"), now));
  return new ForeignAnswer(message, code);
}

function wordsOf(status: number, retryAfter: number | null): { code: string | null; message: string } {
  const later = retryAfter === null ? "Try again in a moment." : `Try again in ${retryAfter} s.`;
  if (status === 429)
    return { code: "TOO_MANY_REQUESTS", message: `Too many requests at once: this one was refused. ${later}` };
  // as a gateway says that what is behind it does not answer: RFC 9110, 15.6.3 and 15.6.5
  if (status === 502 || status === 504)
    return { code: null, message: `A proxy answered that Operate is not reached (HTTP ${status}). ${later}` };
  if (status === 503)
    return { code: "SERVICE_UNAVAILABLE", message: `Operate does not take requests now (HTTP 503). ${later}` };
  if (status >= 500) {
    const message = `Operate answered with an error (HTTP ${status}). ${later} If it stays, its log says why.`;
    return { code: "INTERNAL_SERVER_ERROR", message };
  }
  const message = `The answer is not Operate's (HTTP ${status}). Reload the page; if it stays, ask who runs the proxy in front of Operate.`;
  return { code: "FOREIGN_ANSWER", message };
}

/** `Retry-After` as of RFC 9110, 10.2.3: seconds or a date. */
function secondsOf(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1_000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
}

const at = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

/** Every error of the API carries its code; that there is an `error` says nothing, proxies answer so too. */
const isOurs = (body: unknown): boolean =>
  Array.isArray(body)
    ? body.length > 0 && body.every(isOurs)
    : typeof at(at(at(body, "error"), "data"), "code") === "string";

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** An error in the API's own words, to be read again. @throws ForeignAnswer for any other answer */
export async function readRefusal(response: Response): Promise<Response> {
  const text = response.ok ? "" : await response.text();
  if (isOurs(parsed(text))) return new Response(text, { status: response.status, headers: response.headers });
  await response.body?.cancel().catch(() => undefined);
  throw foreignAnswer(response);
}
