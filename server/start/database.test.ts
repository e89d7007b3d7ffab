import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { findRunningPostgres } from "../db/embedded.ts";
import { untilDatabaseAnswers } from "../db/patience.ts";
import { eventually, isAlive } from "../testing/local-platform/daemon.ts";
import { type SupervisedDatabase, superviseDatabase } from "./database.ts";

vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });
let folder: string;
let database: SupervisedDatabase | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "operate-database-"));
  database = null;
});
afterEach(async () => {
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Takes a port as soon as it is free. */
async function occupy(port: number) {
  return eventually(async () => {
    const server = createServer();
    return new Promise<typeof server | null>((resolve) => {
      server.once("error", () => resolve(null));
      server.listen(port, "127.0.0.1", () => resolve(server));
    });
  });
}

it("a database that cannot start is tried again for ever, is back at the same address, and can be stopped meanwhile", async () => {
  const notices: string[] = [];
  const never = new AbortController().signal;
  database = await superviseDatabase({
    dataDir: folder,
    notice: (line) => notices.push(line),
    stop: never,
    force: never,
  });
  const kill = () => {
    const pid = Number(readFileSync(join(folder, "postgres/postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, "SIGKILL");
  };
  const port = Number(new URL(database.url).port);
  kill();
  const other = await occupy(port);
  await expect
    .poll(() => notices.filter((line) => line.includes("is taken by another program")).length, { timeout: 60_000 })
    .toBeGreaterThan(1);
  other.close();
  await expect.poll(() => notices, { timeout: 60_000 }).toContain("PostgreSQL is back.");
  await untilDatabaseAnswers(database.url);
  kill();
  const again = await occupy(port);
  await database.stop();
  again.close();
  expect(await findRunningPostgres(folder)).toBeNull();
});

it("a postmaster whose supervisor was killed and does not come back is stopped", async () => {
  const guard = join(import.meta.dirname, "../db/postgres-guard.ts");
  const file = join(folder, "supervisor.mjs");
  writeFileSync(
    file,
    `import { spawn } from "node:child_process";
     import { writeFileSync } from "node:fs";
     import { guardPostgres } from ${JSON.stringify(guard)};
     const { pid } = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
     writeFileSync("postmaster.pid", pid + "\\n");
     guardPostgres(process.cwd(), pid, 1);
     process.stdout.write(String(pid));
     setInterval(() => {}, 1000);`,
  );
  const supervisor = spawn(process.execPath, [file], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const [output] = await once(supervisor.stdout, "data");
  const pid = Number(String(output));
  expect(isAlive(pid)).toBe(true);
  supervisor.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 60_000 }).toBe(false);
});

it("turns the server's log over while it runs, as often as it is long", async () => {
  const never = new AbortController().signal;
  const mostLogBytes = 20_000;
  database = await superviseDatabase({ dataDir: folder, notice: () => {}, stop: never, force: never, mostLogBytes });
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const log = join(folder, "logs/postgres.log");
  const say = async (word: string) => {
    for (let i = 0; i < 30; i++) await client.query(`select ${word}_${"x".repeat(1_000)}`).catch(() => {});
  };
  try {
    for (const word of ["first", "second"]) {
      await say(word);
      // the log comes through a pipe: what was said may not have arrived yet
      const turnedOver = () => (existsSync(`${log}.1`) ? readFileSync(`${log}.1`, "utf8") : "");
      await expect.poll(turnedOver, { timeout: 60_000 }).toContain(`${word}_xxx`);
      await expect.poll(() => statSync(log).size, { timeout: 60_000 }).toBeLessThan(mostLogBytes);
    }
    await client.query("select third").catch(() => {});
    await expect.poll(() => readFileSync(log, "utf8"), { timeout: 60_000 }).toMatch(/^[^\0]*column "third"/);
  } finally {
    await client.end();
  }
});
