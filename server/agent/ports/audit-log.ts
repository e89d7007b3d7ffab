import type { Db, Tx } from "#server/db/client.ts";
import { type AuditAction, CAPABILITIES } from "../capabilities.ts";
import type { Actor } from "../kernel/actor.ts";

export type { AuditAction } from "../capabilities.ts";
/** Under which names writes are on record today; older entries may have others. */
export const AUDIT_ACTIONS = CAPABILITIES.flatMap<AuditAction>(({ auditActions }) => auditActions);

interface AuditedAction {
  /** as its capability declares it: `deployment.start`, `token.create` … */
  action: AuditAction;
  outcome?: "done" | "refused";
}

/** A request that was refused before its write began, by its schema or a limit: it has the name of its procedure. */
interface RefusedRequest {
  procedure: string;
  /** `health.set_maintenance` */
  action: string;
  outcome: "refused";
}

export type AuditEvent = (AuditedAction | RefusedRequest) & AuditedFacts;

interface AuditedFacts {
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
