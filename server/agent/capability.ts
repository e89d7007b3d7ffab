import type { PersonRole, Role } from "./kernel/roles.ts";
import type { TimelineEvent } from "./timeline/schema.ts";

/** What a procedure can ask for, and who holds it: the least of the roles of people, and all above it. */
export interface PermissionRule<Name = `${string}.${string}`> {
  /** a permission to write ends in `.write` */
  name: Name;
  least: PersonRole;
  /** roles of tokens alone that hold it as well */
  alsoHeldBy?: readonly Exclude<Role, PersonRole>[];
}

/**
 * What a capability brings along, in its `capability.ts`. Lists over all capabilities are built from these
 * (`server/agent/capabilities.ts`), so none is kept by hand. Words alone: pages may load them.
 */
export interface Capability {
  name: string;
  permissions: readonly PermissionRule[];
  /** what browsers can follow */
  topics: readonly string[];
  /** under which names its writes are on record; stored, so a name stays */
  auditActions: readonly `${string}.${string}`[];
  /** kinds of events that it writes on the time line */
  events: readonly TimelineEvent["kind"][];
}
