import type { AgentContext, Tx } from "./context.ts";
import { type AppError, toAppError } from "./errors.ts";
import { authorize, type Permission } from "./permissions.ts";

interface Write {
  /** audit action, `incident.acknowledge` */
  action: string;
  permission: Permission;
  target?: { type: string; id: string } | undefined;
  /** what was asked, for the audit entry of a refusal; secrets are redacted by the audit log */
  input?: unknown;
}

/**
 * Every write of the core goes through here: it is authorised, runs in one transaction (in which the caller records
 * its audit entry), and a refusal is recorded in the audit log before it is thrown on.
 * @throws FORBIDDEN when the actor's role does not hold the permission, and whatever `change` throws.
 */
export async function performWrite<T>(ctx: AgentContext, write: Write, change: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    authorize(ctx, write.permission);
    return await ctx.db.$transaction(change, { timeout: 15_000, maxWait: 10_000 });
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
