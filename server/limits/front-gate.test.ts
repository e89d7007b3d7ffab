import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stampClientAddress } from "../auth/client-address.ts";
import { deviceCookie } from "../auth/sign-in/known-device.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson, cookiesOf, signIn, TEST_SECRET } from "../testing/people.ts";
import { rememberSender } from "./actor-limits.ts";
import { refusedAtGate } from "./front-gate.ts";
import { FRONT_PLACE_HEADER, leaveFrontPlace } from "./front-place.ts";

const database = useDatabase();
const env = { OPERATE_TRUSTED_PROXIES: "127.0.0.1" };
const held: (() => void)[] = [];
const server = createServer((request, response) => {
  stampClientAddress(request, env);
  if (refusedAtGate(request, response)) return;
  if (request.headers["x-leave"])
    leaveFrontPlace(new Headers({ [FRONT_PLACE_HEADER]: String(request.headers[FRONT_PLACE_HEADER]) }));
  if (request.headers["x-hold"]) held.push(() => response.end());
  else response.end();
});
let url = "";
beforeAll(async () => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = async (address: string, path: string, headers: Record<string, string> = {}): Promise<number> => {
  const response = await fetch(`${url}${path}`, { headers: { "x-forwarded-for": address, ...headers } });
  await response.text();
  return response.status;
};
const askOften = (times: number, address: string, path: string, headers: Record<string, string> = {}) =>
  Promise.all(Array.from({ length: times }, () => ask(address, path, headers)));

/**
 * Asks so often at once and gives how many passed, with the most that may: what there is at a stroke, and what came to
 * it meanwhile, which on a slow machine is much.
 */
async function passing(times: number, asked: (i: number) => Promise<number>, addresses = 1) {
  const startedMs = performance.now();
  const answers = await Promise.all(Array.from({ length: times }, (_, i) => asked(i)));
  const seconds = (performance.now() - startedMs) / 1_000;
  const passed = answers.filter((status) => status === 200).length;
  return { passed, most: (30 + 10 * seconds) * addresses };
}

const PATHS = [
  "/",
  "/sign-in",
  "/setup",
  "/nothing",
  "/metrics",
  "/readyz",
  "/healthz",
  "/api/setup",
  "/api/auth/x",
  "/v1/logs",
  "/api/trpc/session.me",
  "/api/trpc/a/b",
  "/api/mcp",
  "/api/mcp/x",
];
test.each(PATHS)("%s has a limit for an address without a credential, whoever else asks", async (path) => {
  const address = `198.51.100.${1 + PATHS.indexOf(path)}`;
  const answers: number[] = [];
  // again where a slow machine keeps within the rate
  await expect.poll(async () => answers.push(...(await askOften(200, address, path))) && answers).toContain(429);
  expect(answers).toContain(200);
  expect(await ask("203.0.113.200", path)).toBe(200);
});

test("no spelling of a path gets another's limit", async () => {
  const spell = async (i: number): Promise<number> => {
    const spellings = [
      "/_next/static/../../sign-in",
      "/_next/static/%2e%2e/%2E./sign-in",
      "/_next/static/..\\..\\sign-in",
    ];
    return new Promise<number>((resolve, reject) => {
      const path = spellings[i % 3] ?? "";
      get(`${url}/`, { path, headers: { "x-forwarded-for": "198.51.100.90" } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).once("error", reject);
    });
  };
  const { passed, most } = await passing(80, spell);
  expect(passed).toBeLessThanOrEqual(most);
});

test("kinds do not share: a storm on pages leaves probes, sign-in and files of the same address alone", async () => {
  await askOften(80, "198.51.100.100", "/sign-in");
  for (const path of ["/metrics", "/healthz", "/api/auth/get-session", "/_next/static/x.js"])
    expect([path, await ask("198.51.100.100", path)]).toEqual([path, 200]);
});

test("one IPv6 network counts as one address", async () => {
  const { passed, most } = await passing(80, (i) => ask(`2001:db8:1:1::${i.toString(16)}`, "/sign-in"));
  expect(passed).toBeLessThanOrEqual(most);
  expect(await ask("2001:db8:1:2::1", "/sign-in")).toBe(200);
});

test("a wide IPv6 network has four times the share of one address, however many it has", async () => {
  const { passed, most } = await passing(400, (i) => ask(`2001:db8:2:${i.toString(16)}::1`, "/sign-in"), 4);
  expect(passed).toBeGreaterThanOrEqual(120);
  expect(passed).toBeLessThanOrEqual(most);
  expect(await ask("2001:db8:3:1::1", "/sign-in")).toBe(200);
}, 60_000);

test("a known device has a stranger's share of each kind, and built files cost it nothing", async () => {
  const device = (deviceCookie("grace@example.com", new Date()).split(";")[0] ?? "").trim();
  const at = "198.51.100.160";
  expect(new Set(await askOften(700, at, "/_next/static/chunks/a.js", { cookie: device }))).toEqual(new Set([200]));
  for (const path of ["/sign-in", "/healthz", "/api/auth/get-session"])
    expect([path, new Set(await askOften(30, at, path, { cookie: device }))]).toEqual([path, new Set([200])]);
}, 60_000);

test("of one address a few are under way at once, and each that ends or goes away leaves its place", async () => {
  const begin = (gone: AbortSignal) =>
    fetch(`${url}/sign-in`, { headers: { "x-forwarded-for": "198.51.100.120", "x-hold": "1" }, signal: gone });
  const leaving = new AbortController();
  const waiting = Array.from({ length: 6 }, () => begin(leaving.signal).catch(() => null));
  await expect.poll(() => held.length).toBe(6);
  expect(await ask("198.51.100.120", "/sign-in")).toBe(429);
  for (const end of held.splice(0, 3)) end();
  leaving.abort();
  await Promise.all(waiting);
  await expect.poll(() => ask("198.51.100.120", "/sign-in"), { timeout: 20_000 }).toBe(200);
});

test.each([
  ["/sign-in", 50, 6, (a: number) => `2001:db8:${((a % 10) + 256).toString(16)}:${a.toString(16)}::1`],
  ["/sign-in", 50, 6, (a: number) => `2001:db8:${(a + 16).toString(16)}::1`],
  ["/api/auth/sign-in/email", 30, 10, (a: number) => `192.0.2.${a}`],
])(
  "strangers who hold all places of %s keep no other out (%i addresses, %i each)",
  async (path, addresses, each, of) => {
    held.length = 0;
    const leaving = new AbortController();
    const lost: number[] = [];
    const holding = Array.from({ length: addresses * each }, (_, i) =>
      fetch(`${url}${path}`, {
        headers: { "x-forwarded-for": of(i % addresses), "x-hold": "1" },
        signal: leaving.signal,
      }).catch(() => lost.push(i)),
    );
    await expect.poll(() => held.length, { timeout: 20_000 }).toBe(addresses * each);
    expect(await ask("198.51.100.7", path)).toBe(200);
    expect(await ask(of(200), path)).toBe(200);
    await expect.poll(() => lost.length).toBeGreaterThan(0);
    leaving.abort();
    await Promise.all(holding);
    await expect.poll(() => ask(of(0), path), { timeout: 20_000 }).toBe(200);
  },
  60_000,
);

test("what waits on purpose holds no place that others need", async () => {
  held.length = 0;
  const path = "/api/auth/sign-in/email";
  const leaving = new AbortController();
  let lost = 0;
  const hold = (address: string, headers: Record<string, string>) =>
    fetch(`${url}${path}`, {
      headers: { "x-forwarded-for": address, "x-hold": "1", ...headers },
      signal: leaving.signal,
    }).catch(() => lost++);
  const holding = Array.from({ length: 300 }, (_, i) => hold(`10.7.${i % 30}.1`, { "x-leave": "1" }));
  await expect.poll(() => held.length, { timeout: 20_000 }).toBe(300);
  for (let i = 0; i < 300; i++) holding.push(hold(`10.8.${i % 30}.1`, { [FRONT_PLACE_HEADER]: String(i) }));
  await expect.poll(() => held.length, { timeout: 20_000 }).toBe(600);
  expect(lost).toBe(0);
  leaving.abort();
  await Promise.all(holding);
}, 60_000);

test("what waits on purpose leaves the places of its address to others behind it", async () => {
  held.length = 0;
  const path = "/api/auth/sign-in/email";
  const at = { "x-forwarded-for": "198.51.100.170", "x-hold": "1", "x-leave": "1" };
  const waiting = Array.from({ length: 10 }, () => fetch(`${url}${path}`, { headers: at }));
  await expect.poll(() => held.length).toBe(10);
  expect(await ask("198.51.100.170", path)).toBe(200);
  for (const end of held.splice(0)) end();
  await Promise.all(waiting);
});

test("who has signed in, and who may send telemetry, is no stranger; who forges the cookie is", async () => {
  const ada = await addPerson(database.db);
  const cookie = cookiesOf(await signIn(testContext(database, { actor: ada.actor }), ada));
  const address = "198.51.100.150";
  await askOften(80, address, "/sign-in");
  expect(new Set(await askOften(80, address, "/services", { cookie }))).toEqual(new Set([200]));
  const forged = cookie.replace(/(session_token=)(.)/, (_, name, first) => `${name}${first === "a" ? "b" : "a"}`);
  expect(forged).not.toBe(cookie);
  await expect.poll(() => askOften(80, address, "/services", { cookie: forged })).toContain(429); // again where a slow machine keeps within the rate
  const device = cookie.split("; ").find((one) => one.includes(".device_")) ?? "";
  expect(new Set(await askOften(20, address, "/sign-in", { cookie: device }))).toEqual(new Set([200]));
  await expect.poll(() => askOften(80, address, "/sign-in", { cookie: device.replace(/.$/, "_") })).toContain(429); // again where a slow machine keeps within the rate
  const authorization = "Bearer opk_known";
  rememberSender(authorization, true);
  expect(new Set(await askOften(400, address, "/v1/logs", { authorization }))).toEqual(new Set([200]));
  rememberSender(authorization, false);
  await expect.poll(() => askOften(400, address, "/v1/logs", { authorization })).toContain(429); // again where a slow machine keeps within the rate
}, 90_000);
