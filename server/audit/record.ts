import { newId } from "../agent/kernel/ids.ts";
import type { AuditEvent, AuditedBy, AuditLog } from "../agent/ports/audit-log.ts";
import type { Db, Tx } from "../db/client.ts";
import type { Prisma } from "../db/generated/client.ts";
import { scrubbedStart, storable } from "./redact.ts";
import { RefusalLimit } from "./refusal-limit.ts";

/** of what somebody asked for who was refused, as against 16 KB of a state that is or was */
const MOST_ASKED_BYTES = 4_096;

/** A state as a column value; nothing given leaves the column empty. */
const state = (value: unknown, maxBytes?: number): Prisma.InputJsonValue | undefined =>
  value === undefined || value === null ? undefined : (storable(value, maxBytes) as Prisma.InputJsonValue);

async function add(tx: Tx | Db, who: AuditedBy, event: AuditEvent): Promise<void> {
  const at = new Date();
  const before = state(event.before);
  const after = state(event.after, event.outcome === "refused" ? MOST_ASKED_BYTES : undefined);
  await tx.auditEntry.create({
    data: {
      id: newId("aud", at.getTime()),
      at,
      actorKind: who.actor.kind,
      actorId: scrubbedStart(who.actor.id, 200),
      actorName: scrubbedStart(who.actor.name, 200),
      via: who.via,
      requestId: scrubbedStart(
        who.clientRequestId ? `${who.requestId} (client: ${who.clientRequestId})` : who.requestId,
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
}

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateRefusalLimits?: WeakMap<Db, RefusalLimit> };
function refusalLimit(db: Db): RefusalLimit {
  holder.__operateRefusalLimits ??= new WeakMap();
  const known = holder.__operateRefusalLimits.get(db) ?? new RefusalLimit(add);
  holder.__operateRefusalLimits.set(db, known);
  return known;
}

/**
 * The audit log in the database. Entries are only ever added; secrets are redacted and states bounded to 16 KB each,
 * what was refused to 4 KB. Refusals of one person are bounded: see `RefusalLimit`.
 */
export const auditLog: AuditLog = {
  async record(tx, who, event) {
    // what nobody in particular was refused, as a sign-in, is bounded where it is refused
    if (event.outcome === "refused" && who.db && !refusalLimit(who.db).admits(who.db, who, event)) return;
    await add(tx, who, event);
  },
};

/** Records the number of refusals that had no entry of their own yet: before this database's connections are closed. */
export const recordCountedRefusals = (db: Db): Promise<void> => refusalLimit(db).flush(db);
