import { createHash } from "node:crypto";
import type { AppError } from "../agent/kernel/errors.ts";
import type { Identified } from "../auth/context.ts";
import { signedSession } from "../auth/session-cookie.ts";
import { actorLimits } from "../limits/actor-limits.ts";
import { RateGate } from "../limits/rate.ts";
import { watchWrite } from "./refused-writes.ts";

/** of one credential: what is sent again and again must not fill the audit log, and each entry costs a look-up */
const AUDITED = new RateGate({ perSecond: 0.1, burst: 20 });

interface RefusedRequest {
  request: Request;
  refusal: AppError;
  /** procedures that write, of which the request says that it calls them */
  writes: readonly string[];
  /** whose request it is; asked only for a credential that may be somebody's */
  identify: () => Promise<Identified>;
}

/**
 * Records that writes of somebody who is signed in were refused before they reached the router, for their size, their
 * rate or the site they came from. What they would have written was not read.
 */
export async function auditRefusedRequest({ request, refusal, writes, identify }: RefusedRequest): Promise<void> {
  const { headers } = request;
  const [authorization, cookie] = [headers.get("authorization"), headers.get("cookie")];
  // a token that was never right is nobody's, and looking it up costs more than the refusal
  const token = actorLimits().knows(authorization ?? undefined, cookie ?? undefined) ? authorization : null;
  const credential = authorization === null ? signedSession(cookie ?? undefined) : token;
  if (writes.length === 0 || credential === null || refusal.code === "INTERNAL") return;
  const key = createHash("sha256").update(credential).digest("base64");
  const kept = writes.filter(() => AUDITED.takes(key));
  if (kept.length === 0) return;
  const { agent } = await identify();
  if (!agent) return;
  for (const path of kept) await watchWrite(agent, path).refuse(refusal, undefined);
}
