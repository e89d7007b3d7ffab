import { createHash, randomBytes } from "node:crypto";

export const TOKEN_PREFIX = "opk_";

/** A new API token: 256 random bits. Only `hash` and `prefix` are kept. */
export function newTokenSecret(): { secret: string; hash: string; prefix: string } {
  const secret = TOKEN_PREFIX + randomBytes(32).toString("base64url");
  return { secret, hash: hashToken(secret), prefix: secret.slice(0, 10) };
}

/**
 * SHA-256 in hex. No slow hash: 256 random bits cannot be guessed. Looking the hash up in an index leaks nothing
 * about a token by its timing, since the hash of a guess tells nothing about the hash of the next.
 */
export const hashToken = (secret: string): string => createHash("sha256").update(secret).digest("hex");
