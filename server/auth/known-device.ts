import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { authSettings, type Environment, instanceId } from "./settings.ts";

/**
 * OWASP "device cookies": a browser in which somebody has signed in keeps a signed proof of it, so that wrong passwords
 * from elsewhere do not keep them out. It opens nothing by itself.
 */

const DAY_SECONDS = 86_400;
const MAX_AGE_SECONDS = 180 * DAY_SECONDS;

const cookieName = (email: string, env: Environment): string =>
  `operate-${instanceId(env)}.device_${createHash("sha256").update(email).digest("hex").slice(0, 12)}`;

const sign = (email: string, nonce: string, issued: string, env: Environment): string =>
  createHmac("sha256", authSettings(env).secret).update(`device\0${email}\0${nonce}\0${issued}`).digest("base64url");

/** `Set-Cookie` for a browser in which the person of this address has just signed in. */
export function deviceCookie(email: string, now: Date, env: Environment = process.env): string {
  const nonce = randomBytes(16).toString("base64url");
  const issued = String(Math.floor(now.getTime() / 1_000));
  const secure = authSettings(env).baseUrl.startsWith("https://") ? "; Secure" : "";
  const value = `${nonce}.${issued}.${sign(email, nonce, issued, env)}`;
  return `${cookieName(email, env)}=${value}; Max-Age=${MAX_AGE_SECONDS}; Path=/api/auth; HttpOnly; SameSite=Lax${secure}`;
}

/** The device that a request proves to be for this address, or null. */
export function knownDevice(
  headers: Headers | undefined,
  email: string,
  now: Date,
  env: Environment = process.env,
): string | null {
  const wanted = `${cookieName(email, env)}=`;
  for (const part of (headers?.get("cookie") ?? "").split(";")) {
    if (!part.trim().startsWith(wanted)) continue;
    const [nonce = "", issued = "", mac = ""] = part.trim().slice(wanted.length).split(".");
    const right = Buffer.from(sign(email, nonce, issued, env));
    const given = Buffer.from(mac);
    const ageSeconds = now.getTime() / 1_000 - Number(issued);
    if (given.length === right.length && timingSafeEqual(given, right) && ageSeconds < MAX_AGE_SECONDS) return nonce;
  }
  return null;
}
