import type { Db, Tx } from "#server/db/client.ts";
import type { Actor } from "../kernel/actor.ts";

export interface AuditEvent {
  /** `deployment.start`, `incident.acknowledge`, `token.create` … */
  action: string;
  outcome?: "done" | "refused";
  target?: { type: string; id: string } | undefined;
  /** JSON-able states; keys that look like secrets are redacted before they are stored */
  before?: unknown;
  after?: unknown;
  errorCode?: string;
  reason?: string | undefined;
}

/** Whose act it is. */
export interface AuditedBy {
  actor: Actor;
  via: string;
  requestId: string;
  clientRequestId?: string | undefined;
  /** the person behind the actor; default: the actor itself */
  ownerId?: string | undefined;
  /** where an entry that tells of several refusals is written later; without it each refusal has its own */
  db?: Db | undefined;
}

/** Who did what. Recorded through the transaction of the change itself: no audit, no change. */
export interface AuditLog {
  record(tx: Tx | Db, by: AuditedBy, event: AuditEvent): Promise<void>;
}
