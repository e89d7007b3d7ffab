import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { databaseWasOurs } from "../db/installation.ts";
import { useDatabase } from "../testing/database.ts";
import { refuseEarly, takeDatabase } from "./take-database.ts";

const database = useDatabase();
let dataDir: string;
let server: Server | null = null;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "operate-take-"));
  await database.db.installation.deleteMany();
});
afterEach(() => {
  server?.close();
  rmSync(dataDir, { recursive: true });
});

const signal = new AbortController().signal;
const take = (databaseUrl: string, onWaiting: (error: unknown) => void = () => {}) =>
  takeDatabase(databaseUrl, { databaseUrl, dataDir }, { signal, onWaiting });

/** The database behind an address whose first connections are refused as a server says it, with these codes. */
async function behind(codes: string[]): Promise<string> {
  const { hostname, port } = new URL(database.url);
  server = createServer((socket) => {
    socket.on("error", () => {});
    const code = codes.shift();
    if (code === undefined) {
      const real = connect({ host: hostname, port: Number(port) }).on("error", () => socket.destroy());
      socket.pipe(real).pipe(socket);
      return;
    }
    const text = Buffer.from(`SFATAL\0C${code}\0Mnot now, ${code}\0\0`);
    const head = Buffer.alloc(5, "E");
    head.writeInt32BE(text.length + 4, 1);
    socket.once("data", () => socket.end(Buffer.concat([head, text])));
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => server?.once("listening", listening));
  const address = server.address();
  const url = new URL(database.url);
  url.port = String(typeof address === "object" ? address?.port : 0);
  return url.href;
}

describe("the first start on a database of one's own", () => {
  it("waits for one that starts up or is full, says for what, and takes it", async () => {
    const said: string[] = [];
    await take(await behind(["57P03", "53300", "57P03"]), (error) => said.push((error as Error).message));
    expect(said.map((one) => /not now, (\w+)/.exec(one)?.[1])).toEqual(["57P03", "53300", "57P03"]);
    expect([databaseWasOurs(dataDir), await database.db.installation.count()]).toEqual([true, 1]);
  });

  it.each([
    ["a wrong password", ["28P01"], /cannot be reached: not now, 28P01/],
    ["a database that is not there", ["3D000"], /cannot be reached: not now, 3D000/],
  ])("ends at once for %s, before anything is written", async (_name, codes, message) => {
    const databaseUrl = await behind(codes);
    await expect(refuseEarly({ databaseUrl, dataDir })).rejects.toThrow(message);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it("lets pass early what it will wait for, and what is only down though it was its own", async () => {
    await refuseEarly({ databaseUrl: await behind(["57P03"]), dataDir });
    server?.close();
    const gone = "postgresql://operate:x@127.0.0.1:1/operate";
    await expect(refuseEarly({ databaseUrl: gone, dataDir })).rejects.toThrow(/cannot be reached/);
    writeFileSync(join(dataDir, "installation.json"), '{"id":"11111111-ours"}');
    await refuseEarly({ databaseUrl: gone, dataDir });
  });
});

describe("a database of another installation", () => {
  it("is neither migrated nor claimed, whether it is refused early or once it can be asked", async () => {
    await database.db.installation.create({ data: { id: "22222222-theirs", host: "h", dataDir: "/d" } });
    const remove =
      "delete from _prisma_migrations where migration_name = (select max(migration_name) from _prisma_migrations)";
    await database.db.$executeRawUnsafe(remove); // an older release's
    const count = () => database.db.$queryRawUnsafe("select count(*)::int as n from _prisma_migrations");
    const before = await count();
    const databaseUrl = database.url;
    const message = /another installation.*The database was not changed/;
    await expect(refuseEarly({ databaseUrl, dataDir })).rejects.toThrow(message);
    await expect(take(databaseUrl)).rejects.toThrow(message);
    expect([await count(), readdirSync(dataDir)]).toEqual([before, []]);
  });
});
