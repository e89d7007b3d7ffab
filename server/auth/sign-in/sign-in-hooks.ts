import type { BetterAuthOptions } from "better-auth";
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from "better-auth/api";
import type { Actor } from "../../agent/kernel/actor.ts";
import type { Runtime, Tx } from "../../agent/kernel/context.ts";
import type { AuditEvent } from "../../agent/ports/audit-log.ts";
import type { User } from "../../db/generated/client.ts";
import { whyTrivial } from "../password/trivial-password.ts";
import { clientRequestId, ownRequestId } from "../request-id.ts";
import { roleOf } from "../role.ts";
import { Email } from "../schema.ts";
import { MIN_PASSWORD } from "../words.ts";
import { knownDevice } from "./known-device.ts";
import { addressOf, admitAttempt, forgetAttempts, isAudited } from "./sign-in-limits.ts";

/** What identity needs of a runtime: no platform, no configuration. */
export type AuthRuntime = Pick<Runtime, "db" | "audit" | "now">;

const personOf = (user: Pick<User, "id" | "name" | "role">): Actor => ({
  kind: "person",
  id: user.id,
  name: user.name,
  role: roleOf(user.role),
});
const nobody: Actor = { kind: "system", id: "sign-in", name: "someone not signed in", role: "viewer" };

/** The address that was typed; null for what is none: a password that went into the wrong field is kept nowhere. */
export const emailOf = (body: unknown): string | null =>
  Email.safeParse(body && typeof body === "object" && "email" in body ? body.email : "").data ?? null;

const textOf = (body: unknown, key: string): string => {
  const value: unknown = body && typeof body === "object" ? Reflect.get(body, key) : "";
  return typeof value === "string" ? value : "";
};

/** A password that is the present one changes nothing, and one that is easy to guess protects nothing. */
function refusePassword(next: string, current: string, user: { email: string; name: string }): void {
  if (next === current)
    throw new APIError("BAD_REQUEST", {
      code: "PASSWORD_UNCHANGED",
      message: "The new password is the present one. Choose another.",
    });
  const why = next.length < MIN_PASSWORD ? null : whyTrivial(next, user);
  if (why)
    throw new APIError("BAD_REQUEST", {
      code: "PASSWORD_TRIVIAL",
      message: `This password is too easy to guess. ${why}`,
    });
}

/**
 * What better-auth runs around its endpoints: the limit per account, the refusal of disabled people, and the audit
 * entries. Entries of what succeeds are written before it is done (no entry, no session); refusals after.
 */
export function signInHooks(runtime: AuthRuntime): Required<Pick<BetterAuthOptions, "hooks" | "databaseHooks">> {
  const record = (headers: Headers | undefined, actor: Actor, event: AuditEvent, tx: Tx = runtime.db) =>
    runtime.audit.record(
      tx,
      { actor, via: "web", requestId: ownRequestId(headers), clientRequestId: clientRequestId(headers) },
      event,
    );
  const refused = async (headers: Headers | undefined, email: string | null, errorCode: string, reason: string) => {
    if (!(await isAudited(runtime.db, email ?? "", runtime.now()))) return;
    await record(headers, nobody, {
      action: "session.sign_in",
      outcome: "refused",
      after: { email },
      errorCode,
      reason,
    });
  };
  const attemptOf = (headers: Headers | undefined, email: string) => ({
    email,
    address: addressOf(headers),
    device: knownDevice(headers, email, runtime.now()),
  });

  const before = createAuthMiddleware(async (ctx) => {
    if (ctx.path === "/sign-in/email") {
      const email = emailOf(ctx.body);
      if (email === null) return; // refused as no address by what comes next
      const { headers, request } = ctx;
      const verdict = await admitAttempt(runtime.db, attemptOf(headers, email), runtime.now(), {
        ...(headers && { headers }),
        ...(request && { signal: request.signal }),
      });
      // as it was stored: people paste addresses with spaces around them
      if (verdict.allowed) return { context: { body: { ...ctx.body, email } } };
      const { first, message } = verdict;
      if (first) await refused(headers, email, "RATE_LIMITED", message);
      throw new APIError("TOO_MANY_REQUESTS", { code: "RATE_LIMITED", message });
    }
    if (ctx.path === "/sign-out") {
      const user = (await getSessionFromCtx(ctx))?.user;
      if (user) await record(ctx.headers, personOf(user as unknown as User), { action: "session.sign_out" });
    }
    // a changed password ends the sessions of whoever knew the old one, whether asked for or not
    if (ctx.path === "/change-password") {
      const user = (await getSessionFromCtx(ctx))?.user;
      const next = textOf(ctx.body, "newPassword");
      if (user && next) refusePassword(next, textOf(ctx.body, "currentPassword"), user);
      return { context: { body: { ...ctx.body, revokeOtherSessions: true } } };
    }
  });

  const after = createAuthMiddleware(async (ctx) => {
    if (ctx.path !== "/sign-in/email") return;
    const email = emailOf(ctx.body);
    const { returned } = ctx.context;
    if (!isAPIError(returned)) {
      if (email !== null) await forgetAttempts(runtime.db, attemptOf(ctx.headers, email));
      return;
    }
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
