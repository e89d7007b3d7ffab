import { PAGE_PERSON_HEADER } from "../agent/kernel/actor.ts";
import { AppError } from "../agent/kernel/errors.ts";
import type { Identified } from "./context.ts";

/** Whom the page was made for that sends this request; null where it does not say so. */
function pagePersonOf({ headers, url }: Request): string | null {
  const header = headers.get(PAGE_PERSON_HEADER);
  if (header !== null) return header;
  // an EventSource sends no headers of its own
  const params = new URL(url).searchParams.get("connectionParams");
  try {
    const person: unknown = params && Reflect.get(Object(JSON.parse(params)), "person");
    return typeof person === "string" ? person : null;
  } catch {
    return null;
  }
}

/** An EventSource reads a refusal only within a stream: a status alone would tell it nothing. */
const isStream = ({ headers }: Request): boolean => headers.get("accept") === "text/event-stream";

/**
 * All tabs of a browser share one session: after somebody else signed in, a page of before would show one person and act
 * as another. For the stream of such a page nobody is identified. @throws UNAUTHENTICATED for its other requests
 */
export function identifiedForPage(request: Request, identified: Identified): Identified {
  const { agent } = identified;
  const person = pagePersonOf(request);
  if (agent?.actor.kind !== "person" || person === null || person === agent.actor.id) return identified;
  const refusal = new AppError("UNAUTHENTICATED", "You are signed in as somebody else now. Reload the page.");
  if (!isStream(request)) throw refusal;
  return { ...identified, agent: null, refusal };
}
