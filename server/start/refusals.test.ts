import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeLock } from "../../scripts/bootstrap/file-lock.mjs";
import { freePort } from "../db/embedded-files.ts";
import { useDatabase } from "../testing/database.ts";

const ROOT = resolve(import.meta.dirname, "../..");
let folder: string;
let dataDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "operate-refusal-"));
  dataDir = join(folder, "data");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs `server/start.ts` until it ends, and returns what a person sees. */
async function start(env: Record<string, string>, args: string[] = ["--no-sample"]) {
  const { DATABASE_URL: _, OPERATE_CONFIG: __, ...inherited } = process.env;
  const child = spawn(process.execPath, ["server/start.ts", ...args], {
    cwd: ROOT,
    env: { ...inherited, OPERATE_DATA_DIR: dataDir, PORT: String(await freePort()), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let shown = "";
  const keep = (chunk: string) => {
    shown += chunk;
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  const exitCode = await new Promise<number | null>((done) => child.once("close", done));
  return { exitCode, shown };
}

/** Refused with one message: exit code 1, no stack trace, nothing reported as ready. */
function expectRefusal({ exitCode, shown }: { exitCode: number | null; shown: string }, message: string | RegExp) {
  expect(shown).toMatch(message);
  expect(shown).not.toMatch(/^\s+at |ready at/m);
  expect(exitCode).toBe(1);
}

const contentsOf = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(path, name)).isFile() && !name.startsWith("logs"))
      .map((name) => [
        name,
        createHash("sha256")
          .update(readFileSync(join(path, name)))
          .digest("hex"),
      ]),
  );

describe("npm start refuses", () => {
  it("an unknown option", async () => {
    expectRefusal(await start({}, ["--verbose"]), "`--verbose` is not an option. Allowed: --no-sample, --dev.");
  });

  it("a port that is none", async () => {
    expectRefusal(await start({ PORT: "web" }), "PORT is not a port; it must be a whole number");
  });

  it("a taken port, before anything is created", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((listening) => server.once("listening", listening));
    const address = server.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    try {
      expectRefusal(await start({ PORT: port }), `Port ${port} on 127.0.0.1 is taken.`);
      expect(contentsOf(dataDir)).toEqual({});
    } finally {
      server.close();
    }
  });

  it("a configuration with mistakes, naming file, line and key", async () => {
    const file = join(folder, "operate.config.yaml");
    writeFileSync(file, "monitoringConfig:\n  checkIntervalMs: fast\n");
    expectRefusal(
      await start({ OPERATE_CONFIG: file }, []),
      `${file}:2:20 monitoringConfig.checkIntervalMs: found \`fast\``,
    );
  });

  it("a configuration that is not there", async () => {
    expectRefusal(await start({ OPERATE_CONFIG: join(folder, "none.yaml") }, []), "none.yaml cannot be read");
  });

  it("a data directory that is a file", async () => {
    writeFileSync(dataDir, "precious");
    expectRefusal(await start({}), "cannot be written (it is a file)");
    expect(readFileSync(dataDir, "utf8")).toBe("precious");
  });

  it("a data directory that cannot be made", async () => {
    expectRefusal(
      await start({ OPERATE_DATA_DIR: "/dev/null/data" }),
      "The data directory /dev/null/data cannot be written",
    );
  });

  it("a data directory on which Operate already runs, naming the process", async () => {
    mkdirSync(dataDir);
    takeLock(join(dataDir, "operate.lock"));
    const before = contentsOf(dataDir);
    expectRefusal(await start({}), `Operate already runs on ${dataDir} (process ${process.pid})`);
    expect(contentsOf(dataDir)).toEqual(before);
  });

  it("damaged secrets", async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, "secrets.json"), "{");
    expectRefusal(await start({}), "secrets.json is damaged");
    expect(readFileSync(join(dataDir, "secrets.json"), "utf8")).toBe("{");
  });

  it("a database server that does not answer", async () => {
    const url = `postgresql://operate:x@127.0.0.1:${await freePort()}/operate`;
    expectRefusal(await start({ DATABASE_URL: url }), "The database cannot be reached");
  });
});

describe("npm start keeps its hands off a database it cannot use", () => {
  const damage = (files: Record<string, string>) => {
    mkdirSync(join(dataDir, "postgres"), { recursive: true, mode: 0o700 });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dataDir, "postgres", name), content);
    writeFileSync(join(dataDir, "postgres.json"), JSON.stringify({ port: 0, password: "x" }));
    return contentsOf(join(dataDir, "postgres"));
  };

  it.each([
    ["without a version", { base: "rows" }, /is damaged: it has no PG_VERSION.*Nothing was changed/],
    ["of another major version", { PG_VERSION: "17\n", base: "rows" }, /written by PostgreSQL 17.*Nothing was changed/],
    ["with most of its files gone", { PG_VERSION: "18\n", base: "rows" }, /did not start/],
  ])("one %s", async (_name, files, message) => {
    const before = damage(files);
    expectRefusal(await start({}), message);
    expect(contentsOf(join(dataDir, "postgres"))).toEqual(before);
  });

  const database = useDatabase();
  it("one that a newer release migrated", async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const history = "select migration_name from _prisma_migrations order by 1";
    try {
      await client.query(
        `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at)
         values ('future', 'x', '99990101000000_future', now(), now())`,
      );
      const { rows: before } = await client.query(history);
      expectRefusal(await start({ DATABASE_URL: database.url }), "The database is newer than this Operate");
      expect((await client.query(history)).rows).toEqual(before);
      expect(contentsOf(dataDir)).toEqual({}); // no secrets, no applied configuration, no daemon
    } finally {
      await client.end();
    }
  });
});
