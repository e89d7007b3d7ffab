import { beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../agent/kernel/roles.ts";
import { testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { addPerson, type Person, signIn, TEST_SECRET } from "../../testing/people.ts";
import { createUser } from "./create.ts";
import { listUsers } from "./list.ts";
import { resetPassword } from "./reset-password.ts";
import { setUserDisabled } from "./set-disabled.ts";
import { setUserRole } from "./set-role.ts";

const database = useDatabase();
let root: Person;
beforeAll(async () => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
  root = await addPerson(database.db, { name: "Root" });
});
const as = (person: Person) => testContext(database, { actor: person.actor });
const withRole = (role: Role) =>
  testContext(database, { actor: { kind: "person", id: `usr_${role}`, name: role, role } });
const auditOf = (targetId: string) => database.db.auditEntry.findMany({ where: { targetId }, orderBy: { at: "asc" } });

describe("create", () => {
  test("makes someone who can sign in with the password shown once and must change it", async () => {
    const { user, oneTimePassword } = await createUser(as(root), {
      name: "Bob",
      email: "bob@example.com",
      role: "viewer",
    });
    expect(oneTimePassword).toMatch(/^(\w{5}-){3}\w{5}$/);
    expect(user).toMatchObject({ role: "viewer", mustChangePassword: true, disabledAt: null });
    const response = await signIn(as(root), { email: "bob@example.com", password: oneTimePassword ?? "" });
    expect(response.status).toBe(200);
    const [entry] = await auditOf(user.id);
    expect(entry).toMatchObject({ action: "user.create", outcome: "done", actorId: root.id });
    expect(JSON.stringify(entry)).not.toContain(oneTimePassword);
  });

  test("takes a password that is given", async () => {
    const password = "given long password";
    const made = await createUser(as(root), { name: "Cy", email: "cy@example.com", role: "viewer", password });
    expect(made.oneTimePassword).toBeNull();
    expect((await signIn(as(root), { email: "cy@example.com", password })).status).toBe(200);
    expect(JSON.stringify(await auditOf(made.user.id))).not.toContain(password);
  });

  test("refuses an address that is taken, also by two at once", async () => {
    const input = { name: "Di", email: "di@example.com", role: "viewer" } as const;
    const both = await Promise.allSettled([createUser(as(root), input), createUser(as(root), input)]);
    expect(both.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    await expect(createUser(as(root), input)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await database.db.user.count({ where: { email: "di@example.com" } })).toBe(1);
  });
});

describe("who may", () => {
  const target = "usr_nobody";
  const writes = {
    "user.create": (ctx: ReturnType<typeof as>) =>
      createUser(ctx, { name: "X", email: "x@example.com", role: "admin", password: "stolen password" }),
    "user.set_role": (ctx: ReturnType<typeof as>) => setUserRole(ctx, { userId: target, role: "admin" }),
    "user.disable": (ctx: ReturnType<typeof as>) => setUserDisabled(ctx, { userId: target, disabled: true }),
    "user.enable": (ctx: ReturnType<typeof as>) => setUserDisabled(ctx, { userId: target, disabled: false }),
    "user.reset_password": (ctx: ReturnType<typeof as>) =>
      resetPassword(ctx, { userId: target, password: "stolen password" }),
  };
  test.each(Object.entries(writes))(
    "%s: nobody below administrator, and the refusal is in the audit log",
    async (action, write) => {
      for (const role of ["viewer", "responder", "operator"] as const) {
        await expect(write(withRole(role))).rejects.toMatchObject({ code: "FORBIDDEN" });
        const entry = await database.db.auditEntry.findFirst({ where: { action, actorId: `usr_${role}` } });
        expect(entry).toMatchObject({ outcome: "refused", errorCode: "FORBIDDEN" });
        expect(JSON.stringify(entry)).not.toContain("stolen password");
      }
      expect(await database.db.user.count({ where: { email: "x@example.com" } })).toBe(0);
    },
  );

  test.each(Object.entries(writes))("%s: no token, not even an administrator's", async (action, write) => {
    const token = { kind: "token", id: `tok_${action}`, name: "bot", role: "admin" } as const;
    await expect(write(testContext(database, { actor: token }))).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await database.db.auditEntry.findFirst({ where: { actorId: token.id } })).toMatchObject({
      outcome: "refused",
    });
  });

  test("the list is for administrators", async () => {
    await expect(listUsers(withRole("operator"), { limit: 10 })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("someone who is not there", async () => {
    await expect(setUserRole(as(root), { userId: target, role: "viewer" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(setUserDisabled(as(root), { userId: target, disabled: true })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(resetPassword(as(root), { userId: target })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("the last administrator", () => {
  const othersAside = async <T>(keep: Person[], work: () => Promise<T>): Promise<T> => {
    const others = { role: "admin", id: { notIn: keep.map((person) => person.id) } };
    await database.db.user.updateMany({ where: others, data: { disabledAt: new Date() } });
    try {
      return await work();
    } finally {
      await database.db.user.updateMany({ where: others, data: { disabledAt: null } });
    }
  };

  test("cannot be disabled or demoted, by themselves or by another", async () => {
    await othersAside([root], async () => {
      const refused = { code: "PRECONDITION", message: expect.stringMatching(/last administrator/) };
      await expect(setUserDisabled(as(root), { userId: root.id, disabled: true })).rejects.toMatchObject(refused);
      await expect(setUserRole(as(root), { userId: root.id, role: "operator" })).rejects.toMatchObject(refused);
      await expect(setUserRole(as(root), { userId: root.id, role: "admin" })).resolves.toBeDefined();
    });
    const entries = await auditOf(root.id);
    expect(entries.map((entry) => [entry.action, entry.outcome, entry.errorCode])).toEqual([
      ["user.disable", "refused", "PRECONDITION"],
      ["user.set_role", "refused", "PRECONDITION"],
      ["user.set_role", "done", null],
    ]);
  });

  test("of two who demote each other at once, one stays", async () => {
    const [eve, fay] = [await addPerson(database.db, { name: "Eve" }), await addPerson(database.db, { name: "Fay" })];
    await othersAside([eve, fay], async () => {
      const both = await Promise.allSettled([
        setUserRole(as(eve), { userId: fay.id, role: "viewer" }),
        setUserDisabled(as(fay), { userId: eve.id, disabled: true }),
      ]);
      expect(both.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(await database.db.user.count({ where: { role: "admin", disabledAt: null } })).toBe(1);
    });
  });
});

test("a role change is audited with before and after", async () => {
  const gil = await addPerson(database.db, { name: "Gil", role: "viewer" });
  const { user } = await setUserRole(as(root), { userId: gil.id, role: "operator" });
  expect(user.role).toBe("operator");
  expect(await auditOf(gil.id)).toMatchObject([{ before: { role: "viewer" }, after: { role: "operator" } }]);
});

test("a reset password ends the sessions and replaces the old one", async () => {
  const hal = await addPerson(database.db, { name: "Hal", role: "viewer" });
  await signIn(as(root), hal);
  const { oneTimePassword, user } = await resetPassword(as(root), { userId: hal.id });
  expect(user.mustChangePassword).toBe(true);
  expect(await database.db.session.count({ where: { userId: hal.id } })).toBe(0);
  expect((await signIn(as(root), hal)).status).toBe(401);
  expect((await signIn(as(root), { ...hal, password: oneTimePassword ?? "" })).status).toBe(200);
  const [entry] = await auditOf(hal.id);
  expect(entry).toMatchObject({ action: "user.reset_password", after: { sessionsEnded: 1 } });
  expect(JSON.stringify(entry)).not.toContain(oneTimePassword);
});

test("the list pages through everyone once", async () => {
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await listUsers(as(root), { limit: 2, ...(cursor ? { cursor } : {}) });
    seen.push(...page.items.map((user) => user.id));
    cursor = page.nextCursor;
  } while (cursor);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toHaveLength(await database.db.user.count());
});
