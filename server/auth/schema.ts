import { z } from "zod";
import { ACTOR_KINDS } from "../agent/kernel/actor.ts";
import { PERMISSIONS } from "../agent/kernel/permissions.ts";
import { ROLES, TOKEN_ROLES } from "../agent/kernel/roles.ts";
import { Id, Instant, PlainName, pageOf, Text } from "../agent/kernel/schema.ts";
import { LONGEST_EMAIL, LONGEST_PERSON_NAME, LONGEST_TOKEN_NAME, MAX_PASSWORD, MIN_PASSWORD } from "./words.ts";

/** Inputs and outputs of identity. Safe in a browser. */

/** services that one token may be bound to */
const MOST_BOUND_SERVICES = 20;
export const RoleName = z.enum(ROLES);
/** `ingest` is a token's alone: it sends telemetry and can do nothing else */
export const TokenRoleName = z.enum(TOKEN_ROLES);
export const Password = Text(1_000)
  .min(MIN_PASSWORD, `at least ${MIN_PASSWORD} characters`)
  .max(MAX_PASSWORD, `at most ${MAX_PASSWORD} characters`);
/** bounded, lower case */
export const Email = Text(LONGEST_EMAIL).trim().toLowerCase().pipe(z.email("an e-mail address, as ada@example.com"));

export const SetupInput = z.object({
  token: Text(200).min(1, "the token of the set-up link"),
  name: PlainName(LONGEST_PERSON_NAME),
  email: Email,
  password: Password,
});
export type SetupInput = z.infer<typeof SetupInput>;
export const SetupState = z.object({ needed: z.boolean().describe("true while nobody can sign in yet") });

export const Me = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: TokenRoleName,
  permissions: z.array(z.enum(PERMISSIONS)),
  kind: z.enum(ACTOR_KINDS),
  mustChangePassword: z.boolean().describe("the password was handed over by someone else"),
});
export type Me = z.infer<typeof Me>;

export const UserView = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  role: RoleName,
  disabledAt: Instant.nullable(),
  createdAt: Instant,
  mustChangePassword: z.boolean(),
});
export type UserView = z.infer<typeof UserView>;
export const ListUsersOutput = pageOf(UserView);
export const UserOutput = z.object({ user: UserView });
export const UserPasswordOutput = UserOutput.extend({
  oneTimePassword: z.string().nullable().describe("shown this once; null when a password was given"),
});
export const CreateUserInput = z.object({
  name: PlainName(LONGEST_PERSON_NAME),
  email: Email,
  role: RoleName,
  password: Password.optional().describe("left out: one is made and shown once"),
});
export type CreateUserInput = z.infer<typeof CreateUserInput>;
export const SetRoleInput = z.object({ userId: Id, role: RoleName });
export type SetRoleInput = z.infer<typeof SetRoleInput>;
export const SetDisabledInput = z.object({ userId: Id, disabled: z.boolean() });
export type SetDisabledInput = z.infer<typeof SetDisabledInput>;
export const ResetPasswordInput = z.object({
  userId: Id,
  password: Password.optional(),
  revokeTokens: z.boolean().default(false).describe("revoke the API tokens of this person as well"),
});
export type ResetPasswordInput = z.input<typeof ResetPasswordInput>;

export const TokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: TokenRoleName.describe("at most; never more than its owner has now"),
  prefix: z.string().describe("the first characters of the token"),
  owner: z.object({ id: z.string(), name: z.string() }),
  createdAt: Instant,
  expiresAt: Instant,
  lastUsedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
  state: z.enum(["active", "expired", "revoked", "owner disabled"]),
  services: z.array(z.string()).describe("of a token with the role ingest: the services it writes for; empty: any"),
});
export type TokenView = z.infer<typeof TokenView>;
export const ListTokensOutput = pageOf(TokenView);
export const CreateTokenInput = z.object({
  name: PlainName(LONGEST_TOKEN_NAME),
  role: TokenRoleName,
  expiresInDays: z.number().int().min(1).max(365),
  services: z
    .array(PlainName(100))
    .max(MOST_BOUND_SERVICES)
    .default([])
    .describe("for the role ingest: the services it may write for, the first of which stands for any other it claims"),
});
export type CreateTokenInput = z.input<typeof CreateTokenInput>;
export const CreateTokenOutput = z.object({
  token: TokenView,
  secret: z.string().describe("the token itself, shown this once"),
});
export const RevokeTokenInput = z.object({ tokenId: Id });
export type RevokeTokenInput = z.infer<typeof RevokeTokenInput>;
export const TokenOutput = z.object({ token: TokenView });
