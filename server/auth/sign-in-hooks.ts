import type { BetterAuthOptions } from "better-auth";
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from "better-auth/api";
import type { Actor } from "../agent/kernel/actor.ts";
import type { Runtime, Tx } from "../agent/kernel/context.ts";
import type { AuditEvent } from "../agent/ports/audit-log.ts";
import type { User } from "../db/generated/client.ts";
import { type AttemptLimit, clearAttempts, countAttempt } from "./attempt-limit.ts";
import { requestIdOf } from "./request-id.ts";
import { roleOf } from "./role.ts";

/** Wrong passwords per e-mail address, whatever address they come from. */
export const ACCOUNT_LIMIT: AttemptLimit = { max: 10, windowMs: 5 * 60_000 };
const SCOPE = "sign-in";

/** What identity needs of a runtime: no platform, no configuration. */
export type AuthRuntime = Pick<Runtime, "db" | "audit" | "now">;

const personOf = (user: Pick<User, "id" | "name" | "role">): Actor => ({
  kind: "person",
  id: user.id,
  name: user.name,
  role: roleOf(user.role),
});
const nobody: Actor = { kind: "system", id: "sign-in", name: "someone not signed in", role: "viewer" };

const emailOf = (body: unknown): string => {
  const email = body && typeof body === "object" && "email" in body ? body.email : "";
  return typeof email === "string" ? email.trim().toLowerCase().slice(0, 200) : "";
};

/**
 * What better-auth runs around its endpoints: the limit per account, the refusal of disabled people, and the audit
 * entries. Entries of what succeeds are written before it is done (no entry, no session); refusals after.
 */
export function signInHooks(runtime: AuthRuntime): Required<Pick<BetterAuthOptions, "hooks" | "databaseHooks">> {
  const record = (headers: Headers | undefined, actor: Actor, event: AuditEvent, tx: Tx = runtime.db) =>
    runtime.audit.record(tx, { actor, via: "web", requestId: requestIdOf(headers) }, event);
  const refused = (headers: Headers | undefined, email: string, errorCode: string, reason: string) =>
    record(headers, nobody, { action: "session.sign_in", outcome: "refused", after: { email }, errorCode, reason });

  const before = createAuthMiddleware(async (ctx) => {
    if (ctx.path === "/sign-in/email") {
      const email = emailOf(ctx.body);
      const { allowed, count, retryAfterMs } = await countAttempt(
        runtime.db,
        SCOPE,
        email,
        ACCOUNT_LIMIT,
        runtime.now(),
      );
      // as it was stored: people paste addresses with spaces around them
      if (allowed) return email ? { context: { body: { ...ctx.body, email } } } : undefined;
      const message = `Too many attempts for this account. Try again in ${Math.ceil(retryAfterMs / 60_000)} min.`;
      // once a window: a flood must not fill the audit log
      if (count === ACCOUNT_LIMIT.max + 1) await refused(ctx.headers, email, "RATE_LIMITED", message);
      throw new APIError("TOO_MANY_REQUESTS", { code: "RATE_LIMITED", message });
    }
    if (ctx.path === "/sign-out") {
      const user = (await getSessionFromCtx(ctx))?.user;
      if (user) await record(ctx.headers, personOf(user as unknown as User), { action: "session.sign_out" });
    }
    // a changed password ends the sessions of whoever knew the old one, whether asked for or not
    if (ctx.path === "/change-password") return { context: { body: { ...ctx.body, revokeOtherSessions: true } } };
  });

  const after = createAuthMiddleware(async (ctx) => {
    if (ctx.path !== "/sign-in/email") return;
    const email = emailOf(ctx.body);
    const { returned } = ctx.context;
    if (!isAPIError(returned)) return clearAttempts(runtime.db, SCOPE, email);
    await refused(ctx.headers, email, String(returned.body?.code ?? returned.status), returned.message);
  });

  return {
    hooks: { before, after },
    databaseHooks: {
      session: {
        create: {
          before: async (session, ctx) => {
            const user = await runtime.db.user.findUniqueOrThrow({ where: { id: session.userId } });
            if (user.disabledAt)
              throw new APIError("FORBIDDEN", {
                code: "ACCOUNT_DISABLED",
                message: "This account is disabled. Ask an administrator to enable it.",
              });
            await runtime.db.session.deleteMany({ where: { userId: user.id, expiresAt: { lt: runtime.now() } } });
            if (ctx?.path === "/sign-in/email")
              await record(ctx.headers, personOf(user), { action: "session.sign_in" });
          },
        },
      },
      account: {
        update: {
          before: async (_change, ctx) => {
            const userId = ctx?.context.session?.user.id;
            if (ctx?.path !== "/change-password" || !userId) return;
            await runtime.db.$transaction(async (tx) => {
              const user = await tx.user.update({ where: { id: userId }, data: { mustChangePassword: false } });
              const target = { type: "user", id: userId };
              await record(ctx.headers, personOf(user), { action: "user.change_password", target }, tx);
            });
          },
        },
      },
    },
  };
}
