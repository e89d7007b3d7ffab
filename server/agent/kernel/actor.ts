import type { Role } from "./permissions.ts";

export const ACTOR_KINDS = ["person", "token", "agent", "job", "system"] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

/** Who does something: a signed-in person, an API token, an agent over MCP, a durable job, or Operate itself. */
export interface Actor {
  kind: ActorKind;
  /** user id, token id, or the name of the job */
  id: string;
  /** what people read: an e-mail's name, a token's name, "health watcher" */
  name: string;
  role: Role;
}

/** Operate's own actor for what it does unasked; `job` names the part that acts. */
export const systemActor = (job: string): Actor => ({ kind: "job", id: job, name: job, role: "admin" });
