import { createHmac, timingSafeEqual } from "node:crypto";
import { type Environment, instanceId } from "./settings.ts";

/**
 * The token of the session cookie whose signature is this console's, without a question to the database; else null.
 * Whether the session still lives is not said: only that somebody has signed in with it once.
 */
export function signedSession(cookies: string | null | undefined, env: Environment = process.env): string | null {
  const secret = env.OPERATE_SECRET_KEY;
  if (!cookies || !secret) return null;
  const name = `operate-${instanceId(env)}.session_token`;
  for (const part of cookies.split(";")) {
    const at = part.indexOf("=");
    if (
      part
        .slice(0, at)
        .trim()
        .replace(/^__Secure-/, "") !== name
    )
      continue;
    const token = verified(part.slice(at + 1).trim(), secret);
    if (token !== null) return token;
  }
  return null;
}

/** better-auth signs as better-call does: `token.base64(HMAC-SHA-256(secret, token))`, percent-encoded. */
function verified(value: string, secret: string): string | null {
  const decoded = value.replace(/%(2[bBfF]|3[dD])/g, decodeURIComponent);
  const at = decoded.lastIndexOf(".");
  const token = decoded.slice(0, Math.max(at, 0));
  const right = createHmac("sha256", secret).update(token).digest();
  const given = Buffer.from(decoded.slice(at + 1), "base64");
  return token !== "" && given.length === right.length && timingSafeEqual(given, right) ? token : null;
}
