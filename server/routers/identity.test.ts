import { describe, expect, test } from "vitest";
import { AppError } from "../agent/kernel/errors.ts";
import { PERMISSIONS } from "../agent/kernel/permissions.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson, type Person } from "../testing/people.ts";
import { auditRouter } from "./audit.ts";
import { sessionRouter } from "./session.ts";
import { tokensRouter } from "./tokens.ts";
import { createCallerFactory, router } from "./trpc.ts";
import { usersRouter } from "./users.ts";

const database = useDatabase();
const identity = router({ audit: auditRouter, session: sessionRouter, tokens: tokensRouter, users: usersRouter });
const callerOf = (person: Person | null) => {
  const agent = person ? testContext(database, { actor: person.actor }) : null;
  return createCallerFactory(identity)({ agent, requestId: agent?.requestId ?? "req_none" });
};

test("session.me says who asks and what they may do", async () => {
  const [ada, vi] = [await addPerson(database.db), await addPerson(database.db, { name: "Vi", role: "viewer" })];
  expect(await callerOf(ada).session.me()).toEqual({
    id: ada.id,
    name: "Ada",
    email: ada.email,
    role: "admin",
    permissions: [...PERMISSIONS],
    kind: "person",
    mustChangePassword: false,
  });
  expect((await callerOf(vi).session.me()).permissions).not.toContain("user.read");
  await expect(callerOf(null).session.me()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

test("users, tokens and the audit log through their procedures", async () => {
  const ada = await addPerson(database.db);
  const caller = callerOf(ada);
  const { user, oneTimePassword } = await caller.users.create({
    name: "Bo",
    email: " BO@Example.com ",
    role: "viewer",
  });
  expect([user.email, typeof oneTimePassword]).toEqual(["bo@example.com", "string"]);
  expect((await caller.users.setRole({ userId: user.id, role: "operator" })).user.role).toBe("operator");
  expect((await caller.users.setDisabled({ userId: user.id, disabled: true })).user.disabledAt).toMatch(/Z$/);
  expect(
    (await caller.users.resetPassword({ userId: user.id, password: "a given password" })).oneTimePassword,
  ).toBeNull();
  expect((await caller.users.list({})).items.map((item) => item.id)).toContain(user.id);

  const made = await caller.tokens.create({ name: "ci", role: "viewer", expiresInDays: 7 });
  expect((await caller.tokens.list({})).items[0]).toEqual(made.token);
  expect((await caller.tokens.revoke({ tokenId: made.token.id })).token.state).toBe("revoked");

  const { items } = await caller.audit.list({ actorId: ada.id });
  expect(items.map((entry) => entry.action)).toEqual([
    "token.revoke",
    "token.create",
    "user.reset_password",
    "user.disable",
    "user.set_role",
    "user.create",
  ]);
});

describe("what is refused", () => {
  test("reading and changing without the role; the change is in the audit log", async () => {
    const vi = await addPerson(database.db, { name: "Vi", role: "viewer" });
    await expect(callerOf(vi).users.list({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(callerOf(vi).audit.list({})).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(callerOf(vi).users.setRole({ userId: vi.id, role: "admin" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    expect(await database.db.auditEntry.count({ where: { actorId: vi.id, outcome: "refused" } })).toBe(1);
  });

  test.each([
    { name: "", role: "viewer", expiresInDays: 7 },
    { name: "ci", role: "viewer", expiresInDays: 0 },
    { name: "ci", role: "viewer", expiresInDays: 366 },
    { name: "ci", role: "root", expiresInDays: 7 },
  ])("a token of $name, $role, $expiresInDays days", async (input) => {
    const ada = await addPerson(database.db);
    const create = callerOf(ada).tokens.create as (given: unknown) => Promise<unknown>;
    await expect(create(input)).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });
});

test("a caller who is nobody learns why", async () => {
  const refusal = new AppError("UNAUTHENTICATED", "This API token expired on 2026-01-02. Make a new one.");
  const caller = createCallerFactory(identity)({ agent: null, requestId: "req_none", refusal });
  await expect(caller.session.me()).rejects.toMatchObject({ code: "UNAUTHORIZED", message: refusal.message });
});
