import { createHash } from "node:crypto";
import type { AgentContext } from "../agent/kernel/context.ts";
import type { AppError } from "../agent/kernel/errors.ts";
import type { Identified } from "../auth/context.ts";
import { newRequestId } from "../auth/request-id.ts";
import { signedSession } from "../auth/session-cookie.ts";
import { actorLimits } from "../limits/actor-limits.ts";
import { RateGate } from "../limits/rate.ts";
import { watchWrite } from "./refused-writes.ts";

/** look-ups for the sake of the audit log: of one credential, and of all that were never right */
const LOOKUPS = new RateGate({ perSecond: 0.1, burst: 20 });
const UNKNOWN_LOOKUPS = new RateGate({ perSecond: 2, burst: 20 });
const MOST_FOUND = 1_000;
/** whose refused requests were looked up last: between two look-ups the same credential is taken to be the same actor's */
const found = new Map<string, AgentContext>();

interface RefusedRequest {
  request: Request;
  refusal: AppError;
  /** procedures that write, of which the request says that it calls them; asked only for somebody who is known */
  writes: () => readonly string[] | Promise<readonly string[]>;
  /** whose request it is, where that was found out before it was refused */
  identified: Identified | null;
  /** finds it out; asked only for a credential that may be somebody's */
  identify: () => Promise<Identified>;
}

/**
 * Records that writes of somebody who is signed in were refused before they reached the router, whatever refused them:
 * size, rate, the site they came from, their form. What they would have written was not read.
 */
export async function auditRefusedRequest(refused: RefusedRequest): Promise<void> {
  const { refusal, identified, writes } = refused;
  if (refusal.code === "INTERNAL") return;
  const agent = identified ? identified.agent : await agentOf(refused);
  if (agent) await auditRefusedWrites(agent, refusal, await writes());
}

/** Records the refusal of writes that did not reach the router. */
export async function auditRefusedWrites(
  agent: AgentContext,
  refusal: AppError,
  writes: readonly string[],
): Promise<void> {
  for (const path of new Set(writes)) await watchWrite(agent, path).refuse(refusal, undefined);
}

/** Whose request it is that was refused before anybody asked; null for strangers. */
async function agentOf({ request: { headers }, identify }: RefusedRequest): Promise<AgentContext | null> {
  const [authorization, cookie] = [headers.get("authorization"), headers.get("cookie")];
  const credential = authorization ?? signedSession(cookie ?? undefined);
  if (credential === null) return null;
  const key = createHash("sha256").update(credential).digest("base64");
  const known = authorization === null || actorLimits().knows(authorization, cookie ?? undefined);
  // looking up a token that was never right costs more than the refusal
  if (!(LOOKUPS.takes(key) && (known || UNKNOWN_LOOKUPS.takes("all")))) {
    const agent = found.get(key);
    return agent ? { ...agent, requestId: newRequestId(), clientRequestId: undefined } : null;
  }
  const { agent } = await identify();
  found.delete(key);
  if (agent) found.set(key, agent);
  const oldest = found.size > MOST_FOUND ? found.keys().next() : null;
  if (oldest && !oldest.done) found.delete(oldest.value);
  return agent;
}
