import { describe, expect, it } from "vitest";
import { useDatabase } from "../testing/database.ts";
import { openDb } from "./client.ts";
import { listMigrations, migrateDatabase } from "./migrate.ts";

describe("migrateDatabase", () => {
  const database = useDatabase();

  it("has nothing to do on a migrated database", async () => {
    expect(await migrateDatabase(database.url)).toEqual([]);
  });

  it("applies what is new, once, when two processes start together", async () => {
    const extra = { name: "29991231000000_more", script: "create table more (id int);", checksum: "" };
    const { createHash } = await import("node:crypto");
    extra.checksum = createHash("sha256").update(extra.script).digest("hex");
    const all = [...listMigrations(), extra];
    const applied = await Promise.all([migrateDatabase(database.url, all), migrateDatabase(database.url, all)]);
    expect(applied.flat()).toEqual([extra.name]);
    const db = openDb(database.url, 1);
    expect(await db.$queryRaw`select count(*)::int as n from more`).toEqual([{ n: 0 }]);
    await db.$disconnect();
  });

  it("refuses a database that is newer, and changes nothing", async () => {
    await expect(migrateDatabase(database.url)).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringContaining("newer"),
    });
  });

  it("refuses a migration that was edited after it was applied", async () => {
    const edited = listMigrations().map((migration) => ({ ...migration, checksum: "0".repeat(64) }));
    await expect(migrateDatabase(database.url, edited)).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringContaining("edited"),
    });
  });

  it("says when the database cannot be reached", async () => {
    await expect(migrateDatabase("postgresql://x:y@127.0.0.1:1/none")).rejects.toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
    });
  });
});
