import type { Capability } from "../agent/capability.ts";

export const auth = {
  name: "auth",
  permissions: [
    { name: "token.write", least: "viewer" },
    { name: "user.read", least: "admin" },
    { name: "user.write", least: "admin" },
  ],
  topics: [],
  auditActions: [
    "session.sign_in",
    "session.sign_out",
    "token.create",
    "token.revoke",
    "user.create",
    "user.create_first",
    "user.set_role",
    "user.disable",
    "user.enable",
    "user.reset_password",
    "user.reset_password_locally",
    "user.change_password",
  ],
  events: [],
} as const satisfies Capability;
