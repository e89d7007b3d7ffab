import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CHECK_HEADER, checkHeaders, isCheck } from "#server/agent/kernel/check-mark.ts";
import { createOutboundClient } from "#server/integrations/http/client.ts";
import { freePort } from "../instance/free-port.ts";
import { Balancer } from "./balancer.ts";

/** What Operate itself sends through a balancer is answered like a user's request and is in none of the figures. */

const SECRET = "secret of this installation";
const closers: (() => Promise<void> | void)[] = [];
let balancer: Balancer;
let port: number;
let seen: IncomingMessage[];

beforeEach(async () => {
  seen = [];
  balancer = new Balancer(
    { service: "web", environment: "staging" },
    {
      currentVersion: () => "1",
      refused: () => undefined,
      isCheck: ({ headers, socket }) => isCheck(SECRET, headers[CHECK_HEADER], socket.localPort ?? 0),
    },
    { queueMs: 100, maxConnections: 1 },
  );
  port = await balancer.listen(0);
  closers.push(() => balancer.close(0));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function target(version: string) {
  const server = createServer((request, response) => {
    seen.push(request);
    if (request.url === "/hang") return;
    response.statusCode = request.url === "/broken" ? 500 : 200;
    response.end(version);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return balancer.createTarget(version, version, (server.address() as AddressInfo).port);
}
async function serve(versions: string[], weights: Record<string, number> | null = null): Promise<void> {
  balancer.rotation.update(await Promise.all(versions.map(target)), weights);
}

const ask = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return { status: response.status, text: await response.text() };
};
const mark = (secret = SECRET, of = port) => checkHeaders(secret, new URL(`http://127.0.0.1:${of}`));
const check = (path: string) => ask(path, mark());
const counted = () => balancer.trafficSince(0, Date.now() + 20_000).reduce((sum, row) => sum + row.requests, 0);

it("answers a check as it would a user, whatever the outcome, and counts nothing", async () => {
  expect((await check("/")).status).toBe(503); // nothing is ready
  balancer.rotation.update([balancer.createTarget("dead", "1", await freePort())], null);
  expect((await check("/")).status).toBe(502);
  await serve(["1"]);
  expect(await check("/")).toEqual({ status: 200, text: "1" });
  expect((await check("/broken")).status).toBe(500);
  expect(counted()).toBe(0);
  expect(balancer.overloaded()).toBeNull();
  expect(await ask("/broken")).toMatchObject({ status: 500 });
  expect(counted()).toBe(1);
});

it("does not say of a balancer that it turned users away when it was a check", async () => {
  await serve(["1"]);
  const user = connect(port, "127.0.0.1").on("error", () => undefined);
  user.write("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
  while (seen.length < 1) await sleep(5);
  expect((await check("/")).status).toBe(503);
  expect([balancer.overloaded(), counted()]).toEqual([null, 0]);
  expect((await ask("/")).status).toBe(503);
  expect(balancer.overloaded()).toMatchObject({ shed: 1 });
  expect(counted()).toBe(1);
  user.destroy();
});

it("counts neither a check that hangs while it waits nor one that was given up", async () => {
  await serve(["1"]);
  await ask("/");
  const given = new AbortController();
  const hanging = fetch(`http://127.0.0.1:${port}/hang`, { headers: mark(), signal: given.signal }).catch(() => "left");
  while (!seen.some(({ url }) => url === "/hang")) await sleep(5);
  const pending = () => balancer.samplesSince(0, Date.now() + 20_000).flatMap((row) => row.pending ?? []);
  expect(pending()).toEqual([]);
  await serve(["1"]); // its only connection is taken
  const user = connect(port, "127.0.0.1").on("error", () => undefined);
  user.write("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
  while (seen.length < 3) await sleep(5);
  expect(pending().reduce((sum, waits) => sum + waits, 0)).toBe(1);
  given.abort();
  expect(await hanging).toBe("left");
  user.destroy();
  while (counted() < 2) await sleep(5);
  // by then the check has ended, too: it was given up before
  const rows = balancer.trafficSince(0, Date.now() + 20_000);
  expect(rows.reduce((sum, row) => sum + row.status2xx, 0)).toBe(1);
  expect(rows.reduce((sum, row) => sum + row.clientLeft, 0)).toBe(1);
});

it.each([
  ["now", 0, 0, true],
  ["a while ago", 50, 50, true],
  ["long ago", 300, 300, false],
  ["long ago, before the clock was set back", 0, 300, false],
  ["long ago, before the machine was started", 300, 0, false],
  ["ahead of now", -30, -30, false],
])("takes a mark of %s for one, or not", (_, wallAgoS, steadyAgoS, taken) => {
  const now = { wallS: 1_800_000_000, steadyS: 1_000 };
  const then = { wallS: now.wallS - wallAgoS, steadyS: now.steadyS - steadyAgoS };
  const said = checkHeaders(SECRET, new URL(`http://127.0.0.1:${port}`), then)[CHECK_HEADER];
  expect(isCheck(SECRET, said, port, now)).toBe(taken);
  expect(isCheck(SECRET, said?.replace(/^[^.]+/, now.wallS.toString(36)), port, now)).toBe(taken && wallAgoS === 0);
});

it.each(["", "..", "a.b", "a.b.c.d", "-1.1.x", "NaN.NaN.x", "1e9.1.x"])("takes no mark of %j", (said) => {
  expect(isCheck(SECRET, said, port)).toBe(false);
});

it("takes no turn of the users': neither a version's nor an instance's", async () => {
  await serve(["1", "2"], { 1: 50, 2: 50 });
  const users: string[] = [];
  const checks: string[] = [];
  for (let i = 0; i < 6; i++) {
    users.push((await ask("/")).text);
    checks.push((await check("/")).text);
  }
  expect(users.toSorted().join("")).toBe("111222");
  expect(checks.toSorted().join("")).toBe("111222");
  await serve(["1", "2"]);
  const turns: string[] = [];
  for (let i = 0; i < 6; i++) {
    turns.push((await ask("/")).text);
    await check("/");
  }
  expect(turns.toSorted().join("")).toBe("111222");
});

it.each([
  ["a made-up key", () => ({ [CHECK_HEADER]: "1" })],
  ["an empty key", () => ({ [CHECK_HEADER]: "" })],
  ["a key of another installation", () => mark("another secret")],
  ["a key for another balancer", () => mark(SECRET, port + 1)],
  ["the right key twice", () => ({ [CHECK_HEADER]: `${mark()[CHECK_HEADER]}, ${mark()[CHECK_HEADER]}` })],
  ["the right key in a header of another name", () => ({ x_operate_check: String(mark()[CHECK_HEADER]) })],
])("counts a stranger's request with %s, and passes the header on to nobody", async (_, headers) => {
  await serve(["1"]);
  expect((await ask("/", headers())).status).toBe(200);
  expect(counted()).toBe(1);
  await check("/");
  expect(counted()).toBe(1);
  expect(seen).toHaveLength(2);
  for (const { rawHeaders } of seen) expect(rawHeaders.join("\n").toLowerCase()).not.toMatch(/operate[-_]check/);
});

it.each([undefined, ""])("counts everything in an installation without a secret (%j)", (secret) => {
  expect(checkHeaders(secret, new URL("http://127.0.0.1:80"))).toEqual({});
  expect(isCheck(secret, mark()[CHECK_HEADER], port)).toBe(false);
  expect(isCheck(secret, "", port)).toBe(false);
  expect(isCheck(SECRET, undefined, port)).toBe(false);
});

it("is told to nobody but what may be a balancer, each with a key of its own, over redirects too", async () => {
  await serve(["1"]);
  const elsewhere = createServer((request, response) => {
    seen.push(request);
    response.writeHead(302, { location: `http://localhost:${port}/` }).end();
  }).listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  closers.push(() => void elsewhere.close());
  const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
  const http = createOutboundClient({ allow: ["127.0.0.0/8", "::1/128"], deny: [], checkSecret: SECRET });
  closers.push(() => http.close());
  expect(await http.request({ url, check: true, keepAlive: false })).toMatchObject({ status: 200, redirects: 1 });
  expect(counted()).toBe(0);
  expect(seen[0]?.headers[CHECK_HEADER]).not.toBe(mark()[CHECK_HEADER]);
  await http.request({ url, keepAlive: false });
  expect(counted()).toBe(1);
  for (const foreign of [
    "http://example.com/",
    "http://10.0.0.1:80/",
    "https://localhost/",
    "http://localhost.example/",
  ])
    expect(checkHeaders(SECRET, new URL(foreign))).toEqual({});
});
