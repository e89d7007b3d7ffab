import { beforeAll, describe, expect, it } from "vitest";
import { toolsOf } from "../../mcp/registry.ts";
import { can, type Permission } from "../agent/kernel/permissions.ts";
import type { Role } from "../agent/kernel/roles.ts";
import { identify } from "../auth/context.ts";
import { createToken } from "../auth/tokens/create.ts";
import { revokeToken } from "../auth/tokens/revoke.ts";
import { appRouter, createCaller } from "../routers/index.ts";
import type { Meta } from "../routers/trpc.ts";
import { testContext } from "./context.ts";
import { useDatabase } from "./database.ts";
import { addPerson, cookiesOf, fromConsole, signIn, TEST_SECRET } from "./people.ts";

process.env.OPERATE_SECRET_KEY ??= TEST_SECRET;

const database = useDatabase();
const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: string; meta?: Meta } }>,
).map(([path, { _def }]) => ({ path, type: _def.type, permission: _def.meta?.permission }));
const tools = toolsOf(appRouter);

/** what each credential amounts to; null: nobody */
const CREDENTIALS = {
  none: null,
  "viewer session": "viewer",
  "responder session": "responder",
  "operator session": "operator",
  "admin session": "admin",
  "viewer token": "viewer",
  "operator token": "operator",
  "admin token": "admin",
  "ingest token": null,
  "revoked token": null,
  "token of a disabled person": null,
  "session of a disabled person": null,
  "expired session": null,
  "made-up token": null,
} as const satisfies Record<string, Role | null>;
type Credential = keyof typeof CREDENTIALS;
const headers = {} as Record<Credential, Record<string, string>>;

beforeAll(async () => {
  const session = async (role: Role) => {
    const person = await addPerson(database.db, { role, name: role });
    return { person, headers: { cookie: cookiesOf(await signIn(testContext(database), person)) } };
  };
  const tokenOf = async (owner: Role, role: Role) => {
    const person = await addPerson(database.db, { role: owner, name: owner });
    const ctx = testContext(database, { actor: person.actor });
    const { secret, token } = await createToken(ctx, { name: role, role, expiresInDays: 1 });
    return { ctx, token, person, headers: { authorization: `Bearer ${secret}` } };
  };
  headers.none = {};
  headers["made-up token"] = { authorization: `Bearer opk_${"a".repeat(43)}` };
  for (const role of ["viewer", "responder", "operator", "admin"] as const)
    headers[`${role} session`] = (await session(role)).headers;
  for (const role of ["viewer", "operator", "admin"] as const)
    headers[`${role} token`] = (await tokenOf("admin", role)).headers;
  headers["ingest token"] = (await tokenOf("admin", "ingest")).headers;
  const revoked = await tokenOf("admin", "admin");
  await revokeToken(revoked.ctx, { tokenId: revoked.token.id });
  headers["revoked token"] = revoked.headers;
  const gone = await tokenOf("admin", "admin");
  const goneSession = await session("admin");
  const disabled = { in: [gone.person.id, goneSession.person.id] };
  await database.db.user.updateMany({ where: { id: disabled }, data: { disabledAt: new Date() } });
  headers["token of a disabled person"] = gone.headers;
  headers["session of a disabled person"] = goneSession.headers;
  const old = await session("admin");
  await database.db.session.updateMany({ where: { userId: old.person.id }, data: { expiresAt: new Date(0) } });
  headers["expired session"] = old.headers;
});

async function identityOf(credential: Credential) {
  const via = "authorization" in headers[credential] ? "api" : "web";
  return identify(testContext(database), fromConsole("/api/trpc/x", undefined, headers[credential]), via);
}

/** what a caller is told: may it, or why not */
async function outcome(identity: Awaited<ReturnType<typeof identityOf>>, path: string): Promise<string> {
  const caller = createCaller({ ...identity, counted: true });
  const call = path.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], caller);
  // an input nothing accepts: what is allowed gets as far as that, and nothing is changed
  const error = await (call as (input: unknown) => Promise<unknown>)(0).then(
    () => null,
    (thrown: { code?: string }) => thrown,
  );
  if (error?.code === "UNAUTHORIZED" || error?.code === "FORBIDDEN") return error.code;
  return "allowed";
}

describe("the authorisation matrix", () => {
  it("has a permission for every procedure", () => {
    expect(procedures.length).toBeGreaterThan(40);
    expect(procedures.filter(({ permission }) => !permission)).toEqual([]);
  });

  it.each(Object.keys(CREDENTIALS) as Credential[])("%s: every procedure", async (credential) => {
    const role = CREDENTIALS[credential];
    const identity = await identityOf(credential);
    for (const { path, type, permission } of procedures) {
      const expected =
        role === null
          ? "UNAUTHORIZED"
          : permission === "signed-in" || can(role, permission as Permission)
            ? "allowed"
            : "FORBIDDEN";
      // a write's permission is asked behind its input, where a refusal is recorded with what was wanted
      if (expected === "FORBIDDEN" && type === "mutation") continue;
      expect([path, await outcome(identity, path)]).toEqual([path, expected]);
    }
  });

  it("shows each role the tools it may use and no others", () => {
    for (const role of ["ingest", "viewer", "responder", "operator", "admin"] as const) {
      const shown = tools.visibleTo(role).map(({ path }) => path);
      const wanted = procedures.filter(
        ({ path, permission }) =>
          tools.visibleTo("admin").some((tool) => tool.path === path) && can(role, permission as Permission),
      );
      expect(shown.sort()).toEqual(wanted.map(({ path }) => path).sort());
    }
  });
});
