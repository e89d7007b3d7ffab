import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterEach, describe, expect, inject, test } from "vitest";
import { type EmbeddedPostgres, findRunningPostgres, startEmbeddedPostgres } from "./embedded.ts";
import { binaries, unprivileged } from "./embedded-launcher.ts";

const run = promisify(execFile);
const settings = { fsync: "off" };
let dataDir = "";
let postgres: EmbeddedPostgres | undefined;
afterEach(async () => {
  await postgres?.stop();
  if (dataDir) rmSync(dataDir, { recursive: true, force: true });
});

async function query<T extends object>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const RIGHTS = `select current_user as name, rolsuper as super, rolcreaterole as roles, rolreplication as replication
  from pg_roles where rolname = current_user`;
const ORDINARY = [{ name: "operate", super: false, roles: false, replication: false }];

describe("the role that Operate uses", () => {
  test.each([
    "create temp table t (x text); copy t from program 'id'",
    "copy (select 1) to program 'cat'",
    "select pg_read_file('/etc/hostname')",
    "select pg_ls_dir('/')",
    "create temp table f (x text); copy f from '/etc/hostname'",
    "select lo_import('/etc/hostname')",
    "create role thief superuser login",
    "alter role operate superuser",
    "alter system set archive_command = 'id'",
    "set role postgres",
    "select rolpassword from pg_authid",
    "create function f() returns int language c as '/tmp/x.so', 'f'",
  ])("may not: %s", async (sql) => {
    await expect(query(inject("postgresUrl"), sql)).rejects.toMatchObject({ code: expect.stringMatching(/^42501$/) });
  });

  test("is ordinary", async () => expect(await query(inject("postgresUrl"), RIGHTS)).toEqual(ORDINARY));
});

test("a data directory in which it was the superuser is changed at the next start, with everything in it", async () => {
  dataDir = mkdtempSync(join(tmpdir(), "operate-roles-"));
  await clusterOfEarlierRelease(dataDir);
  postgres = await startEmbeddedPostgres({ dataDir, settings });
  expect(await query(postgres.url, RIGHTS)).toEqual(ORDINARY);
  expect(await query(postgres.url, "select note from kept")).toEqual([{ note: "still here" }]);
  await query(
    postgres.url,
    "alter table kept add column more int; insert into kept (note) values ('new'); drop view seen",
  );
  await query(
    postgres.url,
    "select app.twice(2); drop function app.twice; drop type app.mood; drop schema app cascade",
  );
  expect(await query(postgres.url, "select rolname from pg_roles where rolname !~ '^pg_' order by 1")).toEqual([
    { rolname: "operate" },
    { rolname: "postgres" },
  ]);
  const access = join(dataDir, "postgres.json");
  expect(statSync(access).mode & 0o777).toBe(0o600);
  const { superPassword } = JSON.parse(readFileSync(access, "utf8")) as { superPassword: string };
  expect(await findRunningPostgres(dataDir)).not.toContain(superPassword);
  expect(postgres.url).not.toContain(superPassword);

  await postgres.stop();
  postgres = await startEmbeddedPostgres({ dataDir, settings });
  expect(await query(postgres.url, "select count(*)::int as n from kept")).toEqual([{ n: 2 }]);
}, 120_000);

/** As initdb made it while `operate` was the superuser, with a table, a view, a function, a type and a schema. */
async function clusterOfEarlierRelease(folder: string): Promise<void> {
  const cluster = join(folder, "postgres");
  const password = "earlier-password";
  const passwordFile = join(folder, "password");
  mkdirSync(cluster, { mode: 0o700 });
  writeFileSync(passwordFile, password);
  const launcher = await unprivileged(folder);
  launcher.own(cluster);
  launcher.own(passwordFile);
  const [command, prefix] = launcher.wrap((await binaries()).initdb);
  const flags = ["-D", cluster, "-U", "operate", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8"];
  await run(command, [...prefix, ...flags, "--locale=C"], launcher.ids);
  const { postgres: server } = await binaries();
  const [single, before] = launcher.wrap(server);
  const sql = (database: string, statements: string) => {
    const child = run(single, [...before, "--single", "-D", cluster, database], launcher.ids);
    child.child.stdin?.end(`${statements}\n`);
    return child;
  };
  await sql("postgres", "create database operate");
  await sql(
    "operate",
    [
      "create table kept (id bigserial primary key, note text)",
      "insert into kept (note) values ('still here')",
      "create view seen as select note from kept",
      "create schema app",
      "create type app.mood as enum ('good')",
      "create function app.twice(n int) returns int language sql as 'select n * 2'",
      "create sequence app.own",
    ].join("\n"),
  );
  writeFileSync(join(folder, "postgres.json"), JSON.stringify({ port: 0, password }));
}
