import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { useDatabase } from "#server/testing/database.ts";
import { connectTo } from "./connect.ts";
import { assertOwnDatabase, databaseWasOurs, refuseForeignDatabase } from "./installation.ts";

const database = useDatabase();
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "operate-installation-"));
  await database.db.installation.deleteMany();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A start with the data directory of that name. */
const open = (name: string, env: NodeJS.ProcessEnv = { NODE_ENV: "test" }, embedded = false) => {
  const dataDir = join(folder, name);
  mkdirSync(dataDir, { recursive: true });
  return assertOwnDatabase({ url: database.url, dataDir, embedded, env });
};
const idOf = (name: string): string => JSON.parse(readFileSync(join(folder, name, "installation.json"), "utf8")).id;
const joining = (id: string) => ({ NODE_ENV: "test" as const, OPERATE_INSTALLATION_ID: id });

describe("an installation and its database", () => {
  it("get one id at the first start and know each other from then on", async () => {
    await open("one");
    await open("one");
    expect((await database.db.installation.findMany()).map((row) => row.id)).toEqual([idOf("one")]);
  });

  it.each([
    ["with a fresh data directory", false],
    ["with a database of its own so far", true],
  ])("refuse another installation %s, say what to do, change nothing", async (_name, used) => {
    await open("one");
    mkdirSync(join(folder, "two"));
    if (used) writeFileSync(join(folder, "two/installation.json"), '{"id":"11111111-other"}');
    const message = await open("two").catch((error: Error) => error.message);
    expect(message).toMatch(/belongs to another installation.*Set DATABASE_URL to a database of its own/);
    expect(message).toContain(`OPERATE_INSTALLATION_ID=${idOf("one")}`);
    expect(message).toContain(join(folder, "one"));
    expect(databaseWasOurs(join(folder, "two"))).toBe(used);
    await open("one");
  });

  it("let another join that names the id, which need not name it again", async () => {
    await open("one");
    await open("two", joining(idOf("one")));
    await open("two");
    await open("one");
    expect(idOf("two")).toBe(idOf("one"));
  });

  it("refuse a copy of the data directory, which joins by naming the id; moved or restored it is the same", async () => {
    await open("one");
    cpSync(join(folder, "one"), join(folder, "copy"), { recursive: true });
    const from = `is a copy of ${realpathSync(join(folder, "one"))} on`;
    const message = await open("copy").catch((error: Error) => error.message);
    expect(message).toContain(from);
    expect(message).toMatch(/Set DATABASE_URL to a database of its own.*OPERATE_INSTALLATION_ID=/);
    const looking = { url: database.url, dataDir: join(folder, "copy"), embedded: false };
    await expect(refuseForeignDatabase({ ...looking, env: { NODE_ENV: "test" } })).rejects.toThrow(from);
    await open("copy", joining(idOf("one")));
    await open("copy");
    await open("one");

    renameSync(join(folder, "one"), join(folder, "moved"));
    await open("moved");
    cpSync(join(folder, "moved"), join(folder, "kept"), { recursive: true });
    rmSync(join(folder, "moved"), { recursive: true });
    cpSync(join(folder, "kept"), join(folder, "moved"), { recursive: true });
    await open("moved");
    await expect(open("kept")).rejects.toThrow(/is a copy of/);
  });

  it("take a directory of an earlier release, which did not say where it was, and know its copies from then on", async () => {
    await database.db.installation.create({ data: { id: "33333333-early", host: "h", dataDir: "/d" } });
    mkdirSync(join(folder, "one"));
    writeFileSync(join(folder, "one/installation.json"), '{"id":"33333333-early"}');
    await open("one");
    cpSync(join(folder, "one"), join(folder, "copy"), { recursive: true });
    await expect(open("copy")).rejects.toThrow(/is a copy of/);
  });

  it("give a copy that takes an empty database a new id", async () => {
    await open("one");
    const id = idOf("one");
    cpSync(join(folder, "one"), join(folder, "copy"), { recursive: true });
    await database.db.installation.deleteMany();
    await open("copy");
    expect(idOf("copy")).not.toBe(id);
  });

  it("let the copy of an embedded database be, which is still no worker of the original's elsewhere", async () => {
    await open("one");
    cpSync(join(folder, "one"), join(folder, "copy"), { recursive: true });
    await open("copy", undefined, true);
    await open("copy", undefined, true);
    await expect(open("copy")).rejects.toThrow(/is a copy of/);
  });

  it("refuse a second installation in another schema, not another program's table of the same name", async () => {
    const url = new URL(database.url);
    url.searchParams.set("options", "-c search_path=second");
    const options = { url: url.href, dataDir: folder, embedded: false, env: { NODE_ENV: "test" as const } };
    const client = await connectTo(database.url, 10_000);
    try {
      await client.query("create schema second");
      const message = /another installation of Operate in its schema `public`; this start would work in `second`/;
      await expect(refuseForeignDatabase(options)).rejects.toThrow(message);
      await client.query("create table second.installation (id int, host text)");
      await open("one");
      await client.query("drop table second.installation");
      await client.query("create table second.installation (like public.installation including all)");
      await expect(open("one")).rejects.toThrow(/in its schema `second`/);
    } finally {
      await client.query("drop schema if exists second cascade");
      await client.end();
    }
  });

  it("refuse one that names a wrong id or none at all", async () => {
    await open("one");
    await expect(open("two", joining("22222222-wrong"))).rejects.toThrow(/is `22222222-wrong`, which is not its id/);
    await expect(open("two", joining("no id!"))).rejects.toThrow(/must have 8 to 64/);
  });

  it("belong together where the database lives in the data directory", async () => {
    await open("one");
    await open("restored", undefined, true);
    expect(idOf("restored")).toBe(idOf("one"));
  });

  it.each([
    ["a table of another make", "create table installation (id int primary key, tenant text)", "installation"],
    [
      "a table with other content",
      'create table installation as select 7 as id, 1 as host, 2 as "dataDir"',
      "installation",
    ],
    ["an index of that name", "create table a (b int); create index installation on a (b)", "installation"],
    ["another table of ours", "create table incident (id int)", "incident"],
  ])("refuse a database of another program, which has %s, and change nothing", async (_name, sql, table) => {
    const client = await connectTo(database.url, 10_000);
    const url = new URL(database.url);
    const name = `${url.pathname.slice(1)}_other`;
    try {
      await client.query(`create database ${name}`);
      url.pathname = `/${name}`;
      const other = await connectTo(url.href, 10_000);
      try {
        await other.query(sql);
        const message = new RegExp(`has a table \`${table}\` that is not Operate's.*Set DATABASE_URL to a database of`);
        const options = { url: url.href, dataDir: folder, embedded: false, env: { NODE_ENV: "test" as const } };
        await expect(refuseForeignDatabase(options)).rejects.toThrow(message);
        if (table === "installation") await expect(assertOwnDatabase(options)).rejects.toThrow(message);
        const { rowCount } = await other.query("select 1 from pg_tables where schemaname = 'public'");
        expect(rowCount).toBe(1);
        expect(databaseWasOurs(folder)).toBe(false);
      } finally {
        await other.end();
      }
    } finally {
      await client.query(`drop database if exists ${name}`);
      await client.end();
    }
  });

  it("refuse a damaged file", async () => {
    mkdirSync(join(folder, "one"));
    writeFileSync(join(folder, "one/installation.json"), "{");
    await expect(open("one")).rejects.toThrow(/is damaged. Restore it/);
  });

  it("are one when several start on an empty database at once", async () => {
    const results = await Promise.allSettled(["a", "b", "c"].map((name) => open(name)));
    expect(results.filter((one) => one.status === "fulfilled")).toHaveLength(1);
    expect(["a", "b", "c"].filter((name) => databaseWasOurs(join(folder, name)))).toHaveLength(1);
  });
});
