import { newId } from "../agent/kernel/ids.ts";
import type { AuditLog } from "../agent/ports/audit-log.ts";
import type { Prisma } from "../db/generated/client.ts";
import { scrubbedStart, storable } from "./redact.ts";

/** A state as a column value; nothing given leaves the column empty. */
const state = (value: unknown): Prisma.InputJsonValue | undefined =>
  value === undefined || value === null ? undefined : (storable(value) as Prisma.InputJsonValue);

/** The audit log in the database. Entries are only ever added; secrets are redacted and states bounded to 16 KB each. */
export const auditLog: AuditLog = {
  async record(tx, ctx, event) {
    const at = new Date();
    const before = state(event.before);
    const after = state(event.after);
    await tx.auditEntry.create({
      data: {
        id: newId("aud", at.getTime()),
        at,
        actorKind: ctx.actor.kind,
        actorId: scrubbedStart(ctx.actor.id, 200),
        actorName: scrubbedStart(ctx.actor.name, 200),
        via: ctx.via,
        requestId: scrubbedStart(
          ctx.clientRequestId ? `${ctx.requestId} (client: ${ctx.clientRequestId})` : ctx.requestId,
          100,
        ),
        action: event.action,
        outcome: event.outcome ?? "done",
        targetType: event.target ? scrubbedStart(event.target.type, 100) : null,
        targetId: event.target ? scrubbedStart(event.target.id, 200) : null,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
        errorCode: event.errorCode ?? null,
        reason: event.reason === undefined ? null : scrubbedStart(event.reason, 1_000),
      },
      select: { id: true },
    });
  },
};
