import { createHmac, timingSafeEqual } from "node:crypto";

/** Marks what Operate sends to find out whether a service is well, so that its balancer does not count it as a user's. */
export const CHECK_HEADER = "x-operate-check";

/** a key used for two purposes must not sign the same text for both */
const PURPOSE = "operate: check through the balancer at port\n";
/** balancers listen on the loopback interface alone */
const LOOPBACK = /^(?:127\.0\.0\.1|(?:.+\.)?localhost)$/;

/**
 * The header that marks a request to `url` as Operate's own, signed with the ingest secret for that port alone: whoever
 * listens there instead of a balancer learns nothing that another balancer takes. Empty without a secret, and for an
 * address where no balancer can be.
 */
export function checkHeaders(secret: string | undefined, url: URL): Record<string, string> {
  if (!secret || url.protocol !== "http:" || !LOOPBACK.test(url.hostname)) return {};
  return { [CHECK_HEADER]: signatureOf(secret, Number(url.port || 80)).toString("base64url") };
}

/** Whether a request that came to `port` with this header's value is one of Operate's own. Never without a secret. */
export function isCheck(secret: string | undefined, said: string | string[] | undefined, port: number): boolean {
  if (!secret || typeof said !== "string") return false;
  const [given, right] = [Buffer.from(said, "base64url"), signatureOf(secret, port)];
  return given.length === right.length && timingSafeEqual(given, right);
}

const signatureOf = (secret: string, port: number): Buffer =>
  createHmac("sha256", secret).update(PURPOSE).update(String(port)).digest();
