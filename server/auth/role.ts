import type { Role } from "../agent/kernel/permissions.ts";
import { ROLES, TOKEN_ROLES } from "../agent/kernel/person-words.ts";

/** A person's stored role; one that is not known (a newer schema, a hand-made row) is the least. */
export const roleOf = (stored: string): (typeof ROLES)[number] => ROLES.find((role) => role === stored) ?? "viewer";

/** A token's stored role, in the same way. */
export const tokenRoleOf = (stored: string): Role => TOKEN_ROLES.find((role) => role === stored) ?? "viewer";
