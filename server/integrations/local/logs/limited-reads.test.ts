import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { ControlConnection } from "../control-connection.ts";
import { LimitedReads } from "./limited-reads.ts";

const LIMIT_MS = 400;
const List = z.array(z.string());
let folder: string;
let server: ReturnType<typeof createServer>;
let connection: ControlConnection;
let reads: LimitedReads;
let hangs: boolean;
let asked: string[];
let held: ServerResponse[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "operate-reads-"));
  hangs = false;
  asked = [];
  held = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (hangs) held.push(response);
    else response.end(JSON.stringify(["here"]));
  });
  const socket = join(folder, "s");
  await new Promise<void>((done) => server.listen(socket, done));
  connection = new ControlConnection(socket);
  reads = new LimitedReads(connection, LIMIT_MS);
});
afterEach(async () => {
  await connection.close();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const list = () => reads.get("services", List);
const failure = () => list().catch((error: unknown) => error);

it("many who ask at once are one question", async () => {
  expect(await Promise.all([list(), list(), list()])).toEqual([["here"], ["here"], ["here"]]);
  expect(asked).toEqual(["/v1/services"]);
});

it("a daemon that hangs is waited for once, then nobody waits, and it is back with its first answer", async () => {
  await list();
  hangs = true;
  const startedMs = performance.now();
  const first = (await failure()) as { code: string; details: { since: string } };
  expect(first).toMatchObject({
    code: "UPSTREAM_UNAVAILABLE",
    message: expect.stringContaining("does not answer since"),
  });
  expect(performance.now() - startedMs).toBeLessThan(20 * LIMIT_MS);
  const before = asked.length;
  const againMs = performance.now();
  for (let i = 0; i < 50; i++) expect(await failure()).toMatchObject({ details: first.details });
  expect(performance.now() - againMs).toBeLessThan(50 * LIMIT_MS);
  expect(asked.length - before).toBeLessThan(3);
  hangs = false;
  for (const response of held) response.end(JSON.stringify(["late"]));
  await expect.poll(() => list().catch(() => null), { timeout: 20_000 }).toEqual(["here"]);
});

it("one that watches knows since when the daemon hangs before anybody asks", async () => {
  reads.watch(50);
  await expect.poll(() => asked.length, { timeout: 20_000 }).toBeGreaterThan(0);
  hangs = true;
  const hungAt = Date.now();
  await expect.poll(() => held.length, { timeout: 20_000 }).toBeGreaterThan(0);
  await new Promise((done) => setTimeout(done, 2 * LIMIT_MS));
  const { details } = (await failure()) as { details: { since: string } };
  expect(Date.parse(details.since)).toBeLessThan(hungAt + 2 * LIMIT_MS);
  reads.end();
});

it("a daemon that is gone is asked anew each time", async () => {
  await list();
  hangs = true;
  await failure();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await expect
    .poll(failure, { timeout: 20_000 })
    .toMatchObject({ code: "UPSTREAM_UNAVAILABLE", message: expect.stringContaining("not running") });
});
