import { ROLES, type Role } from "../agent/kernel/permissions.ts";

/** A stored role; one that is not known (a newer schema, a hand-made row) is the least. */
export const roleOf = (stored: string): Role => ROLES.find((role) => role === stored) ?? "viewer";
