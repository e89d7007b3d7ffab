import { CAPABILITIES, type Permission } from "../capabilities.ts";
import type { PermissionRule } from "../capability.ts";
import { AppError } from "./errors.ts";
import { ROLES, type Role, TOKEN_ROLES } from "./roles.ts";

export type { Permission } from "../capabilities.ts";

const RULES = CAPABILITIES.flatMap<PermissionRule<Permission>>(({ permissions }) => permissions);

/** Everything a procedure can ask for; every procedure names exactly one. Each capability declares its own. */
export const PERMISSIONS = RULES.map(({ name }) => name);

/** `ingest` stands below the roles of people, so no permission has it as the least role. */
const holds = (role: Role, { least, alsoHeldBy = [] }: PermissionRule): boolean =>
  TOKEN_ROLES.indexOf(least) <= TOKEN_ROLES.indexOf(role) || alsoHeldBy.some((other) => other === role);

const permissionsOf = (role: Role): ReadonlySet<Permission> =>
  new Set(RULES.filter((rule) => holds(role, rule)).map(({ name }) => name));

/** What each role may do. Each of ROLES includes all of the one before it. */
export const ROLE_PERMISSIONS: Record<Role, ReadonlySet<Permission>> = {
  ingest: permissionsOf("ingest"),
  viewer: permissionsOf("viewer"),
  responder: permissionsOf("responder"),
  operator: permissionsOf("operator"),
  admin: permissionsOf("admin"),
};

/** The least role that holds a permission, for messages. */
export const leastRoleFor = (permission: Permission): Role =>
  ROLES.find((role) => ROLE_PERMISSIONS[role].has(permission)) ?? "admin";

export const can = (role: Role, permission: Permission): boolean => ROLE_PERMISSIONS[role].has(permission);

/** Throws FORBIDDEN, naming the role that would be allowed. */
export function authorize(ctx: { actor: { name: string; role: Role } }, permission: Permission): void {
  if (can(ctx.actor.role, permission)) return;
  throw new AppError(
    "FORBIDDEN",
    `${ctx.actor.name} has the role ${ctx.actor.role}, which may not do this. Ask someone with the role ${leastRoleFor(permission)} or above.`,
    { details: { permission, role: ctx.actor.role, needs: leastRoleFor(permission) } },
  );
}
