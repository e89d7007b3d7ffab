import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { authSettings, type Environment, instanceId } from "../settings.ts";

/**
 * OWASP "device cookies": a browser in which somebody has signed in keeps a signed proof of it, so that wrong passwords
 * from elsewhere do not keep them out. It opens nothing by itself.
 */

const DAY_SECONDS = 86_400;
const MAX_AGE_SECONDS = 180 * DAY_SECONDS;
/** looked at in one request */
const MOST_COOKIES = 100;

const prefixOf = (env: Environment): string => `operate-${instanceId(env)}.device_`;
const cookieName = (email: string, env: Environment): string =>
  `${prefixOf(env)}${createHash("sha256").update(email).digest("hex").slice(0, 16)}`;

/** Over the cookie's name, which holds the account: so a proof can be checked before an account is named. */
const sign = (name: string, nonce: string, issued: string, env: Environment): string =>
  createHmac("sha256", authSettings(env).secret).update(`device\0${name}\0${nonce}\0${issued}`).digest("base64url");

/** `Set-Cookie` for a browser in which the person of this address has just signed in. */
export function deviceCookie(email: string, now: Date, env: Environment = process.env): string {
  const name = cookieName(email, env);
  const nonce = randomBytes(16).toString("base64url");
  const issued = String(Math.floor(now.getTime() / 1_000));
  const secure = authSettings(env).baseUrl.startsWith("https://") ? "; Secure" : "";
  const value = `${nonce}.${issued}.${sign(name, nonce, issued, env)}`;
  return `${name}=${value}; Max-Age=${MAX_AGE_SECONDS}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}

/** The device that a request proves to be for this address, or null. */
export const knownDevice = (
  headers: Headers | undefined,
  email: string,
  now: Date,
  env: Environment = process.env,
): string | null => provenBy(headers?.get("cookie"), (name) => name === cookieName(email, env), now, env);

/** The device that a request proves to be, whosever it is; null when somebody has yet to sign in there. */
export const anyKnownDevice = (
  cookies: string | null | undefined,
  now: Date,
  env: Environment = process.env,
): string | null => provenBy(cookies, (name) => name.startsWith(prefixOf(env)), now, env);

function provenBy(
  cookies: string | null | undefined,
  isWanted: (name: string) => boolean,
  now: Date,
  env: Environment,
): string | null {
  for (const part of (cookies ?? "").split(";").slice(0, MOST_COOKIES)) {
    const at = part.indexOf("=");
    const name = part.slice(0, Math.max(at, 0)).trim();
    if (!isWanted(name)) continue;
    const [nonce = "", issued = "", mac = ""] = part
      .slice(at + 1)
      .trim()
      .split(".");
    const right = Buffer.from(sign(name, nonce, issued, env));
    const given = Buffer.from(mac);
    const ageSeconds = now.getTime() / 1_000 - Number(issued);
    if (given.length === right.length && timingSafeEqual(given, right) && ageSeconds < MAX_AGE_SECONDS) return nonce;
  }
  return null;
}
