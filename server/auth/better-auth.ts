import { type BetterAuthOptions, betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { isAPIError } from "better-auth/api";
import type { Db } from "../db/client.ts";
import { createLogger } from "../telemetry/log.ts";
import { CLIENT_ADDRESS_HEADER } from "./client-address.ts";
import { faultLine } from "./fault-line.ts";
import { hashPassword, verifyPassword } from "./password/password.ts";
import { type AuthSettings, authSettings, type Environment } from "./settings.ts";
import { type AuthRuntime, signInHooks } from "./sign-in/sign-in-hooks.ts";
import { MAX_PASSWORD, MIN_PASSWORD } from "./words.ts";

/**
 * Set by `handleAuth`, whatever a client sends, on requests that have a limit of their own: those of a device known for
 * the account, and those with a session.
 */
export const OWN_LIMIT_HEADER = "x-operate-own-limit";

const DAY_SECONDS = 86_400;
const log = createLogger("auth");

const forStrangers =
  (rule: { window: number; max: number }) =>
  ({ headers }: Request) =>
    headers.has(OWN_LIMIT_HEADER) ? (false as const) : rule;

const authOptions = (runtime: AuthRuntime, settings: AuthSettings) =>
  ({
    ...signInHooks(runtime),
    appName: "Operate",
    baseURL: settings.baseUrl,
    secret: settings.secret,
    database: prismaAdapter(runtime.db, { provider: "postgresql", transaction: true }),
    // checkOrigin has judged the request before it gets here: its own Origin is the trusted one
    trustedOrigins: (request) => [request?.headers.get("origin") ?? settings.baseUrl],
    telemetry: { enabled: false },
    logger: { level: "error", log: (level, message, ...rest) => log[level]({ rest }, faultLine(message, rest)) },
    onAPIError: { onError: (error) => (isAPIError(error) ? undefined : log.error({ err: error }, "sign-in failed")) },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: MIN_PASSWORD,
      maxPasswordLength: MAX_PASSWORD,
      password: { hash: hashPassword, verify: verifyPassword },
    },
    user: {
      additionalFields: {
        role: { type: "string", input: false, defaultValue: "viewer" },
        disabledAt: { type: "date", input: false, required: false },
      },
    },
    // a fixed end, not a sliding one: reading a session never writes, and a stolen cookie dies in a week
    session: { expiresIn: 7 * DAY_SECONDS, disableSessionRefresh: true, storeSessionInDatabase: true },
    rateLimit: {
      enabled: true,
      storage: "database",
      window: 60,
      max: 300,
      // by address, and so for strangers only: those behind one address must not use up each other's attempts
      customRules: {
        "/sign-in/email": forStrangers({ window: 60, max: 30 }),
        "/change-password": forStrangers({ window: 60, max: 10 }),
        "/get-session": forStrangers({ window: 60, max: 300 }),
        "/sign-out": forStrangers({ window: 60, max: 300 }),
      },
    },
    advanced: {
      cookiePrefix: `operate-${settings.instanceId}`,
      useSecureCookies: settings.baseUrl.startsWith("https://"),
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax" },
      disableOriginCheck: false,
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER] },
    },
  }) satisfies BetterAuthOptions;

const create = (runtime: AuthRuntime, settings: AuthSettings) => betterAuth(authOptions(runtime, settings));
export type Auth = ReturnType<typeof create>;

// on globalThis because each of Next's bundles has its own copy of this module
const holder = globalThis as { __operateAuth?: WeakMap<Db, Promise<Auth>> };

/**
 * The authentication of a runtime, made on first use. A failed start (database away) is forgotten, so that the next
 * call tries again. @throws INVALID when OPERATE_SECRET_KEY is missing.
 */
export function getAuth(runtime: AuthRuntime, env: Environment = process.env): Promise<Auth> {
  holder.__operateAuth ??= new WeakMap();
  const made = holder.__operateAuth;
  const existing = made.get(runtime.db);
  if (existing) return existing;
  const starting = (async () => {
    const auth = create(runtime, authSettings(env));
    await auth.$context;
    return auth;
  })();
  made.set(runtime.db, starting);
  starting.catch(() => made.delete(runtime.db));
  return starting;
}
