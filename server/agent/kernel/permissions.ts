import { AppError } from "./errors.ts";
import { ROLES, TOKEN_ROLES } from "./person-words.ts";

/** Everything a procedure can ask for; every procedure names exactly one. */
export const PERMISSIONS = [
  "service.read",
  "deployment.read",
  "deployment.write",
  "deployment.override.write",
  "health.read",
  "health.write",
  "incident.read",
  "incident.write",
  "telemetry.read",
  "telemetry.write",
  "ingest.write",
  "audit.read",
  "settings.read",
  "settings.write",
  "token.write",
  "user.read",
  "user.write",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export type Role = (typeof TOKEN_ROLES)[number];

const viewer: Permission[] = [
  "service.read",
  "deployment.read",
  "health.read",
  "incident.read",
  "telemetry.read",
  "token.write",
];
const responder: Permission[] = [...viewer, "incident.write", "health.write", "telemetry.write", "audit.read"];
const operator: Permission[] = [...responder, "deployment.write", "ingest.write", "settings.read"];

/** What each role may do. Each of ROLES includes all of the one before it. */
export const ROLE_PERMISSIONS: Record<Role, ReadonlySet<Permission>> = {
  ingest: new Set<Permission>(["ingest.write"]),
  viewer: new Set(viewer),
  responder: new Set(responder),
  operator: new Set(operator),
  admin: new Set(PERMISSIONS),
};

/** The lesser of two roles: a token never reaches further than the person who made it. */
export const lesserRole = (a: Role, b: Role): Role => (TOKEN_ROLES.indexOf(a) < TOKEN_ROLES.indexOf(b) ? a : b);

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
