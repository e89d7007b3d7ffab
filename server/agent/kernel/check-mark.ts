import { createHmac, timingSafeEqual } from "node:crypto";

/** Marks what Operate sends to find out whether a service is well, so that its balancer does not count it as a user's. */
export const CHECK_HEADER = "x-operate-check";

/** a key used for two purposes must not sign the same text for both */
const PURPOSE = "operate: check through the balancer\n";
/** balancers listen on the loopback interface alone */
const LOOPBACK = /^(?:127\.0\.0\.1|(?:.+\.)?localhost)$/;
/** a mark that somebody else got hold of is soon worth nothing; a request that waits for its turn keeps its own */
const VALID_S = 60;
/** both clocks are read in whole seconds, the wall clock is slewed now and then */
const AHEAD_S = 2;

/**
 * When a mark was made, in whole seconds: of the wall clock, which may be set back, and of the one that counts since
 * the machine was started, which all its processes share. A mark must be young by both.
 */
export interface MarkTime {
  wallS: number;
  steadyS: number;
}

const markTime = (): MarkTime => ({
  wallS: Math.floor(Date.now() / 1_000),
  steadyS: Number(process.hrtime.bigint() / 1_000_000_000n),
});

/**
 * The header that marks a request to `url` as Operate's own, signed with the ingest secret for that port and time:
 * whoever listens there instead of a balancer learns nothing that another balancer takes, or this one a minute later.
 * Empty without a secret, and for an address where no balancer can be.
 */
export function checkHeaders(
  secret: string | undefined,
  url: URL,
  made: MarkTime = markTime(),
): Record<string, string> {
  if (!secret || url.protocol !== "http:" || !LOOPBACK.test(url.hostname)) return {};
  const times = `${made.wallS.toString(36)}.${made.steadyS.toString(36)}`;
  const signature = signatureOf(secret, Number(url.port || 80), times).toString("base64url");
  return { [CHECK_HEADER]: `${times}.${signature}` };
}

/** `<wall clock>.<steady clock>.<signature>`, both times in base 36 */
const MARK = /^(([0-9a-z]{1,10})\.([0-9a-z]{1,10}))\.([\w-]{43})$/;

/**
 * Whether a request that came to `port` with this header's value is one of Operate's own, of the last minute. Never
 * without a secret.
 */
export function isCheck(
  secret: string | undefined,
  said: string | string[] | undefined,
  port: number,
  now: MarkTime = markTime(),
): boolean {
  if (!secret || typeof said !== "string") return false;
  const [, times = "", wall = "", steady = "", signature = ""] = MARK.exec(said) ?? [];
  if (!isYoung(now.wallS, wall) || !isYoung(now.steadyS, steady)) return false;
  const [given, right] = [Buffer.from(signature, "base64url"), signatureOf(secret, port, times)];
  return given.length === right.length && timingSafeEqual(given, right);
}

function isYoung(nowS: number, text: string): boolean {
  const ageS = nowS - Number.parseInt(text, 36);
  return ageS >= -AHEAD_S && ageS <= VALID_S;
}

const signatureOf = (secret: string, port: number, times: string): Buffer =>
  createHmac("sha256", secret).update(`${PURPOSE}${port}\n${times}`).digest();
