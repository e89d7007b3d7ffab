import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { addPerson, signIn, TEST_SECRET } from "../../testing/people.ts";
import { createToken } from "../tokens/create.ts";
import { resetPassword } from "./reset-password.ts";

const database = useDatabase();
beforeAll(() => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
});
const dataDir = mkdtempSync(join(tmpdir(), "operate-reset-"));
afterAll(() => rmSync(dataDir, { recursive: true }));
const run = (...args: string[]) =>
  spawnSync(process.execPath, ["scripts/reset-password.ts", ...args], {
    ...{ cwd: resolve(import.meta.dirname, "../../.."), encoding: "utf8" },
    env: { ...process.env, DATABASE_URL: database.url, OPERATE_DATA_DIR: dataDir },
  });

test("an administrator who lost the password gets back in from the machine itself, audited", async () => {
  const ada = await addPerson(database.db);
  const runtime = testContext(database, { actor: ada.actor });
  await createToken(runtime, { name: "t", role: "admin", expiresInDays: 1 });
  await signIn(runtime, ada);
  const { stdout, stderr, status } = run(ada.email);
  expect([status, stderr]).toEqual([0, ""]);
  const password = /: (\S{23})\n/.exec(stdout)?.[1] ?? "";
  expect((await signIn(runtime, ada)).status).toBe(401);
  expect((await signIn(runtime, { ...ada, password })).status).toBe(200);
  expect((await database.db.user.findUniqueOrThrow({ where: { id: ada.id } })).mustChangePassword).toBe(true);
  const [entry] = await database.db.auditEntry.findMany({ where: { action: "user.reset_password_locally" } });
  expect(entry).toMatchObject({ actorId: "local", via: "script", targetId: ada.id });
  expect(entry?.after).toMatchObject({ sessionsEnded: 1, revokedTokenCount: 0 });
  expect(stdout).toMatch(/1 session ended\.\n1 API token of this person kept\..*--revoke-tokens/);
  const left = () => database.db.apiToken.count({ where: { ownerId: ada.id, revokedAt: null } });
  expect(await left()).toBe(1);
  const again = run("--revoke-tokens", ada.email);
  expect([again.status, again.stdout, await left()]).toEqual([0, expect.stringMatching(/1 API token revoked\./), 0]);
  expect(JSON.stringify(entry)).not.toContain(password);
}, 60_000);

test.each([
  [["nobody@example.com"], 1, /Nobody has/],
  [[""], 1, /Give the e-mail address/],
  [["ada@example.com", "--revoke-token"], 2, /`--revoke-token` is not an option. Did you mean --revoke-tokens/],
  [["ada@example.com", "bo@example.com"], 2, /`bo@example.com` is one too many/],
])(
  "%j is refused with exit code %d",
  (args, exitCode, message) => {
    const { stderr, status } = run(...args);
    expect([status, stderr]).toEqual([exitCode, expect.stringMatching(message)]);
  },
  60_000,
);

test("a reset by an administrator revokes the person's tokens when that is asked for", async () => {
  const [ada, bo] = [await addPerson(database.db), await addPerson(database.db, { name: "Bo" })];
  const make = () =>
    createToken(testContext(database, { actor: bo.actor }), { name: "t", role: "viewer", expiresInDays: 1 });
  await make();
  await make();
  const left = () => database.db.apiToken.count({ where: { ownerId: bo.id, revokedAt: null } });
  const admin = testContext(database, { actor: ada.actor });
  await resetPassword(admin, { userId: bo.id });
  expect(await left()).toBe(2);
  await resetPassword(admin, { userId: bo.id, revokeTokens: true });
  expect(await left()).toBe(0);
});

test("the database of another installation than the data directory's is left alone", async () => {
  const ada = await addPerson(database.db, { name: "Eve" });
  await database.db.installation.create({ data: { id: "22222222-theirs", host: "h", dataDir: "/d" } });
  writeFileSync(join(dataDir, "installation.json"), '{"id":"11111111-ours"}');
  const { stderr, status } = run(ada.email);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/belongs to another installation/)]);
  expect((await database.db.user.findUniqueOrThrow({ where: { id: ada.id } })).mustChangePassword).toBe(false);
}, 60_000);
