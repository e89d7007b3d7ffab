/** What people and agents may be, the least first: each role includes all of the one before it. Safe in a browser. */
export const ROLES = ["viewer", "responder", "operator", "admin"] as const;
/** What a token may be besides: `ingest` sends telemetry and can do nothing else. */
export const TOKEN_ROLES = ["ingest", ...ROLES] as const;

export type PersonRole = (typeof ROLES)[number];
export type Role = (typeof TOKEN_ROLES)[number];

/** The lesser of two roles: a token never reaches further than the person who made it. */
export const lesserRole = (a: Role, b: Role): Role => (TOKEN_ROLES.indexOf(a) < TOKEN_ROLES.indexOf(b) ? a : b);
