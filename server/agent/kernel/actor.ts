import type { Role } from "./roles.ts";

/** Header of the console's calls: the id of the person whom their page was made for. */
export const PAGE_PERSON_HEADER = "x-operate-person";

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
