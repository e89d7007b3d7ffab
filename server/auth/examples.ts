import type { ExamplesOf } from "#server/testing/examples.ts";

export const tokenExamples = {
  list: {},
  create: { name: "ci", role: "viewer", expiresInDays: 30 },
  revoke: { tokenId: "tok_none" },
} satisfies ExamplesOf<"tokens">;

export const userExamples = {
  list: {},
  create: { name: "Grace", email: "grace@example.com", role: "viewer" },
  setRole: { userId: "usr_none", role: "admin" },
  setDisabled: { userId: "usr_none", disabled: true },
  resetPassword: { userId: "usr_none" },
} satisfies ExamplesOf<"users">;

export const sessionExamples = { me: undefined } satisfies ExamplesOf<"session">;
