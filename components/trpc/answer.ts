/** Something answered a call, but not in the words of the API: Operate's gate, its web server, or a proxy before it. */
export class ForeignAnswer extends Error {
  readonly status: number;
  /** seconds after which it may be tried again; null when the answer does not say */
  readonly retryAfter: number | null;

  constructor({ status, headers }: Response, now = Date.now()) {
    super(`HTTP ${status}`);
    this.status = status;
    this.retryAfter = secondsOf(headers.get("retry-after"), now);
  }
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
