import type { AgentContext } from "../agent/kernel/context.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { authorize } from "../agent/kernel/permissions.ts";
import type { AuditEntry, Prisma } from "../db/generated/client.ts";
import type { AuditEntryView, ListAuditInput, ListAuditOutput } from "./schema.ts";

const view = (entry: AuditEntry): AuditEntryView => ({
  id: entry.id,
  at: entry.at.toISOString(),
  actor: { kind: entry.actorKind as AuditEntryView["actor"]["kind"], id: entry.actorId, name: entry.actorName },
  via: entry.via,
  requestId: entry.requestId,
  action: entry.action,
  outcome: entry.outcome as AuditEntryView["outcome"],
  target: entry.targetType && entry.targetId ? { type: entry.targetType, id: entry.targetId } : null,
  before: entry.before,
  after: entry.after,
  errorCode: entry.errorCode,
  reason: entry.reason,
});

/** Entries older than the cursor `<ISO instant>~<id>`. Two conditions, so that the index on time serves the first. */
function olderThan(cursor: string): Prisma.AuditEntryWhereInput[] {
  const [instant = "", id = ""] = cursor.split("~");
  const at = new Date(instant);
  if (Number.isNaN(at.getTime()) || !id)
    throw new AppError("INVALID", "This cursor is not one of audit.list. Start again without a cursor.");
  return [{ at: { lte: at } }, { OR: [{ at: { lt: at } }, { id: { lt: id } }] }];
}

/** The audit log, newest first. @throws FORBIDDEN without audit.read, INVALID for a cursor of another list. */
export async function listAudit(ctx: AgentContext, input: ListAuditInput): Promise<ListAuditOutput> {
  authorize(ctx, "audit.read");
  const entries = await ctx.db.auditEntry.findMany({
    where: {
      ...(input.actorId ? { actorId: input.actorId } : {}),
      ...(input.action ? { action: { startsWith: input.action } } : {}),
      ...(input.outcome ? { outcome: input.outcome } : {}),
      ...(input.targetType ? { targetType: input.targetType } : {}),
      ...(input.targetId ? { targetId: input.targetId } : {}),
      AND: [
        ...(input.from ? [{ at: { gte: new Date(input.from) } }] : []),
        ...(input.to ? [{ at: { lt: new Date(input.to) } }] : []),
        ...(input.cursor ? olderThan(input.cursor) : []),
      ],
    },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take: input.limit + 1,
  });
  const items = entries.slice(0, input.limit);
  const last = items.at(-1);
  return {
    items: items.map(view),
    nextCursor: entries.length > items.length && last ? `${last.at.toISOString()}~${last.id}` : null,
  };
}
