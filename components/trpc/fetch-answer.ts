/** As tRPC passes it: a signal may be undefined. */
type Init = { [K in keyof RequestInit]?: RequestInit[K] | undefined };

/**
 * `fetch` for the API. @throws ForeignAnswer for an answer that is not the API's, TypeError when none comes. What reads a
 * refusal is loaded with the first one: no page needs it to be used.
 */
export async function fetchAnswer(input: RequestInfo | URL | string, init?: Init): Promise<Response> {
  const response = await fetch(input, init as RequestInit);
  if (response.ok && response.headers.get("content-type")?.includes("json")) return response;
  const { readRefusal } = await import("./api-answer.ts");
  return readRefusal(response);
}
