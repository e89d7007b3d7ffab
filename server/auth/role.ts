import { type PersonRole, ROLES, type Role, TOKEN_ROLES } from "../agent/kernel/roles.ts";

/** A person's stored role; one that is not known (a newer schema, a hand-made row) is the least. */
export const roleOf = (stored: string): PersonRole => ROLES.find((role) => role === stored) ?? "viewer";

/** A token's stored role, in the same way. */
export const tokenRoleOf = (stored: string): Role => TOKEN_ROLES.find((role) => role === stored) ?? "viewer";
