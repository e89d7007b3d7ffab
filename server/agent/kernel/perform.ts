import type { AuditAction, AuditEvent } from "../ports/audit-log.ts";
import type { AgentContext, Tx } from "./context.ts";
import { type AppError, toAppError } from "./errors.ts";
import { authorize, type Permission } from "./permissions.ts";

/** What a write is called on record. */
export interface Write {
  action: AuditAction;
  target?: AuditEvent["target"];
  /** what was asked, for the audit entry of a refusal; secrets are redacted by the audit log */
  input?: unknown;
}

/** The context of a write, with the permission it asks for. */
export interface WriteContext extends AgentContext {
  permission: Permission;
}

/** A write of the core: whoever calls it is asked for its permission. */
export interface WriteVerb<I, O> {
  (ctx: AgentContext, input: I): Promise<O>;
  readonly permission: Permission;
}

/** The one place where a write names its permission: `performWrite` asks for it, and a router reads it. */
export const defineWrite = <I, O>(
  permission: Permission,
  verb: (ctx: WriteContext, input: I) => Promise<O>,
): WriteVerb<I, O> =>
  Object.assign((ctx: AgentContext, input: I) => verb({ ...ctx, permission }, input), { permission });

/** What a write did, for its audit entry. `before` and `after` hold what changed; null: it was not, or is no more. */
interface Entry {
  /** undefined where the action alone tells it */
  target: AuditEvent["target"];
  before: object | null;
  after: object | null;
  reason?: string | undefined;
}

/** An entry with the action it tells of. */
export interface ActionEntry extends Entry {
  action: AuditAction;
}

export interface Changed<T> extends Entry {
  result: T;
  /** what the same write did besides, under other actions */
  besides?: readonly ActionEntry[];
}

/** All was as it was asked for already: nothing is on record. */
interface Unchanged<T> {
  result: T;
  unchanged: true;
}

export type Change<T> = Changed<T> | Unchanged<T>;

export const unchanged = <T>(result: T): Unchanged<T> => ({ result, unchanged: true });

/**
 * Every write of the core goes through here: it is authorised, runs in one transaction together with its audit entry,
 * and a refusal is recorded in the audit log before it is thrown on. Returns the result of the change.
 * @throws FORBIDDEN when the actor's role does not hold the permission, and whatever `change` throws.
 */
export function performWrite<T>(ctx: WriteContext, write: Write, change: (tx: Tx) => Promise<Change<T>>): Promise<T> {
  return prepareWrite(ctx, write, () =>
    ctx.db.$transaction(
      async (tx) => {
        const done = await change(tx);
        if ("unchanged" in done) return done.result;
        const { result, besides = [], ...entry } = done;
        await ctx.audit.record(tx, ctx, { action: write.action, ...entry });
        for (const one of besides) await ctx.audit.record(tx, ctx, one);
        return result;
      },
      { timeout: 15_000, maxWait: 10_000 },
    ),
  );
}

/**
 * What a write needs before its transaction begins, such as an answer of the platform: authorised, and its refusal is
 * recorded as that of the write.
 */
export async function prepareWrite<T>(ctx: WriteContext, write: Write, prepare: () => Promise<T>): Promise<T> {
  try {
    authorize(ctx, ctx.permission);
    return await prepare();
  } catch (error) {
    const refusal = toAppError(error);
    await recordRefusal(ctx, write, refusal);
    throw refusal;
  }
}

async function recordRefusal(ctx: AgentContext, write: Write, refusal: AppError): Promise<void> {
  if (refusal.code === "INTERNAL") return; // a fault of ours, in the log; nobody was refused
  await ctx.audit.record(ctx.db, ctx, {
    action: write.action,
    outcome: "refused",
    target: write.target,
    after: write.input,
    errorCode: refusal.code,
    reason: refusal.message,
  });
}
