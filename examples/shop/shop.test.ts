import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { healthPathOf, readinessPathOf } from "#server/agent/config-services.ts";
import { checkConfig } from "#server/config/load.ts";

/** The services as their configuration promises them, run by hand without a platform. */
const children: ChildProcess[] = [];

/** Starts a service and returns its address once it listens, with everything it printed. */
async function run(name: string, version: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.js`)], {
    env: { ...process.env, PORT: "0", SERVICE_NAME: name, SERVICE_VERSION: version, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  let output = "";
  for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    output += chunk;
    const port = /"message":"listening","port":(\d+)/.exec(output)?.[1];
    if (port !== undefined) return { url: `http://127.0.0.1:${port}`, child, output };
  }
  throw new Error(`${name} ended: ${output}`);
}

let PAYMENTS_URL: string;
beforeAll(async () => {
  PAYMENTS_URL = (await run("payments", "1.4.2")).url;
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

/** Places orders, five at a time, and returns how each went and how long it took. */
async function order(url: string, count: number) {
  const outcomes: { status: number; ms: number; order: number }[] = [];
  let placed = 0;
  const customer = async () => {
    while (placed++ < count) {
      const startedAt = performance.now();
      const response = await fetch(`${url}/orders?product=1`);
      const answer = (await response.json()) as { order?: number };
      outcomes.push({ status: response.status, ms: performance.now() - startedAt, order: answer.order ?? 0 });
    }
  };
  await Promise.all(Array.from({ length: 5 }, customer));
  return outcomes;
}

it("has a valid configuration", () => {
  const text = readFileSync(join(import.meta.dirname, "operate.config.yaml"), "utf8");
  const checked = checkConfig(text, process.env);
  expect(checked).toMatchObject({ ok: true });
  if (!checked.ok) return;
  expect(checked.config.services.map((service) => service.name)).toEqual([
    "gateway",
    "catalog",
    "checkout",
    "payments",
  ]);
  // without a path of its own an instance is ready once it listens, and 2.7.0 would be
  for (const service of checked.config.services)
    expect({ [service.name]: [healthPathOf(service), readinessPathOf(service)] }).toEqual({
      [service.name]: ["/healthz", "/readyz"],
    });
  for (const service of checked.config.services)
    expect(Object.keys(service.environments)).toEqual(["staging", "production"]);
});

it("composes pages out of all four services and reports a healthy whole", async () => {
  const checkout = await run("checkout", "2.4.0", { PAYMENTS_URL });
  const catalog = await run("catalog", "1.8.0");
  const gateway = await run("gateway", "3.1.0", { CATALOG_URL: catalog.url, CHECKOUT_URL: checkout.url });
  const get = async (path: string) => {
    const response = await fetch(gateway.url + path);
    return [response.status, await response.json()];
  };
  expect(await get("/")).toMatchObject([200, { page: "home", products: [{ name: "Lamp" }, {}, {}] }]);
  expect(await get("/checkout?product=4")).toMatchObject([200, { product: 4, version: "2.4.0" }]);
  expect(await get("/healthz")).toMatchObject([200, { status: "ok" }]);
  expect(await get("/nowhere")).toMatchObject([404, {}]);
  checkout.child.kill("SIGTERM");
  expect((await once(checkout.child, "exit"))[0]).toBe(0);
  expect(await get("/healthz")).toMatchObject([502, {}]);
  expect(await get("/readyz")).toMatchObject([200, { status: "ready" }]);
});

it("has a checkout that fails one order in twenty", async () => {
  const { url } = await run("checkout", "2.5.0", { PAYMENTS_URL });
  const outcomes = await order(url, 100);
  expect(outcomes.filter(({ status }) => status === 500)).toHaveLength(5);
  expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(95);
});

it("has a checkout in which one order in five is slow enough to double the 95th percentile", async () => {
  const { url } = await run("checkout", "2.6.0", { PAYMENTS_URL });
  const outcomes = await order(url, 100);
  const median = (slow: boolean) => {
    const group = outcomes.filter((one) => (one.order % 5 === 0) === slow).map((one) => one.ms);
    return group.sort((a, b) => a - b)[Math.floor(group.length / 2)] ?? 0;
  };
  expect(median(true)).toBeGreaterThan(median(false) + 15);
});

it("has a checkout that never becomes ready and says why", async () => {
  const { url, output } = await run("checkout", "2.7.0", { PAYMENTS_URL });
  const response = await fetch(`${url}/readyz`);
  expect([response.status, await response.json()]).toEqual([503, { error: "waiting for migration 0042" }]);
  expect(output).toContain("migration 0042 failed");
});

it("finishes the request in flight when it is told to stop", async () => {
  let arrived = () => {};
  const underway = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const bank = createServer((_, response) => {
    arrived();
    setTimeout(() => response.end('{"id":"ch_1"}'), 400);
  }).listen(0, "127.0.0.1");
  await once(bank, "listening");
  const bankUrl = `http://127.0.0.1:${(bank.address() as AddressInfo).port}`;
  const { url, child } = await run("checkout", "2.4.1", { PAYMENTS_URL: bankUrl });
  const last = fetch(`${url}/orders?product=1`);
  await underway;
  child.kill("SIGTERM");
  expect((await last).status).toBe(200);
  bank.closeAllConnections();
  bank.close();
});
