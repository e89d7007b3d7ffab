import { createHash } from "node:crypto";
import { AppError } from "../agent/kernel/errors.ts";

/** Variables as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What identity needs from the environment. */
export interface AuthSettings {
  /** origin people open the console at, without a trailing slash */
  baseUrl: string;
  /** signs session cookies */
  secret: string;
  /** in the names of cookies */
  instanceId: string;
}

/** The origin of OPERATE_BASE_URL, or this process's own address when it is not set. */
export function baseUrlOf(env: Environment): string {
  const given = env.OPERATE_BASE_URL ?? `http://localhost:${env.PORT ?? "4310"}`;
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw new AppError(
      "INVALID",
      "OPERATE_BASE_URL is not a URL. Set it to where the console is opened, as https://operate.example.com.",
    );
  return new URL(given).origin;
}

/**
 * 8 characters that tell one installation from another, made from its secret: cookies of one host name are shared by
 * all its ports, and two consoles must not overwrite each other's.
 */
export const instanceId = (env: Environment): string =>
  createHash("sha256")
    .update(`instance\0${env.OPERATE_SECRET_KEY ?? ""}`)
    .digest("hex")
    .slice(0, 8);

/** @throws INVALID when the secret is missing or short, or the base URL is not a URL. */
export function authSettings(env: Environment): AuthSettings {
  const secret = env.OPERATE_SECRET_KEY ?? "";
  if (secret.length < 32)
    throw new AppError(
      "INVALID",
      "OPERATE_SECRET_KEY needs at least 32 characters. Make one with: openssl rand -base64 32",
    );
  return { baseUrl: baseUrlOf(env), secret, instanceId: instanceId(env) };
}
