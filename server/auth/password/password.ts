import { randomInt } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

// OWASP Password Storage Cheat Sheet: Argon2id (the library's default), 19 MiB, 2 iterations, 1 lane
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** no 0/O, 1/l/I: it is read out and typed */
const ALPHABET = "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXYZ2346789";

export const hashPassword = (password: string): Promise<string> => hash(password, ARGON2ID);
export const verifyPassword = (input: { hash: string; password: string }): Promise<boolean> =>
  verify(input.hash, input.password);

/** A password to hand over once: 4 groups of 5 characters, about 113 bits. */
export function newOneTimePassword(): string {
  const group = () => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)] ?? "").join("");
  return [group(), group(), group(), group()].join("-");
}
