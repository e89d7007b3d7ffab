/**
 * Something answered a call, but not in the words of the API: Operate's gate, its web server, or a proxy before it. The
 * message tells a person what the status and `Retry-After` say.
 */
export class ForeignAnswer extends Error {
  /** as tRPC names it; null when Operate itself was not reached */
  readonly code: string | null;

  constructor({ status, headers }: Response, now = Date.now()) {
    const { code, message } = wordsOf(status, secondsOf(headers.get("retry-after"), now));
    super(message);
    this.code = code;
  }
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

const isOurs = (body: unknown): boolean =>
  Array.isArray(body) ? body.every(isOurs) : typeof body === "object" && body !== null && "error" in body;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** As tRPC passes it: a signal may be undefined. */
type Init = { [K in keyof RequestInit]?: RequestInit[K] | undefined };

/** `fetch` for the API. @throws ForeignAnswer for an answer that is not the API's, TypeError when none comes */
export async function fetchAnswer(input: RequestInfo | URL | string, init?: Init): Promise<Response> {
  const response = await fetch(input, init as RequestInit);
  if (response.ok) {
    if (response.headers.get("content-type")?.includes("json")) return response;
    await response.body?.cancel();
    throw new ForeignAnswer(response);
  }
  const text = await response.text();
  if (!isOurs(parsed(text))) throw new ForeignAnswer(response);
  return new Response(text, { status: response.status, headers: response.headers });
}
