import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { HookSchema } from "#server/agent/deploy/config.ts";
import { createCheckTarget } from "#server/agent/health/check/check-target.ts";
import type { PlannedTarget } from "#server/agent/health/check/targets.ts";
import type { HookContext } from "#server/agent/ports/hook-runner.ts";
import type { DirectRequest, TrafficCounts } from "#server/agent/ports/traffic.ts";
import { createHookRunner } from "#server/integrations/hooks/index.ts";
import { createOutboundClient } from "#server/integrations/http/client.ts";
import { createProber } from "#server/integrations/probe/prober.ts";
import {
  allReady,
  createTestDaemon,
  eventually,
  sampleService,
  type TestDaemon,
} from "#server/testing/local-platform/daemon.ts";

// Real processes on a machine that may be busy with everything else.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

const WEB = { service: "web", environment: "staging" };
const IDLE = { service: "idle", environment: "staging" };
const SECRET = "secret of this installation";
let daemon: TestDaemon;
let since: Date;

beforeAll(async () => {
  daemon = createTestDaemon([sampleService("web", {}, 2), sampleService("idle")]);
  await daemon.start({ OPERATE_INGEST_SECRET: SECRET });
  await allReady(daemon.platform, WEB);
  since = new Date();
});
afterAll(() => daemon.dispose());

const ask = async (path: string) => (await fetch((await daemon.platform.workloads.getService(WEB)).url + path)).status;
const samples = () => daemon.platform.traffic.samplesSince({ ...WEB, since });
const total = (rows: TrafficCounts[], field: "cpuMs" | "errorLines") =>
  rows.reduce((sum, row) => sum + (row.usage[field] ?? 0), 0);
const direct = (request: Partial<DirectRequest>) =>
  daemon.platform.traffic.sendTo({
    ...{ ...WEB, version: "1.0.0", method: "GET", path: "/", headers: {}, body: null, timeoutMs: 5_000 },
    ...request,
  });

it("counts the CPU time a version really used, within its buckets", async () => {
  await eventually(async () => (await samples()).some((row) => row.usage.cpuMs !== null));
  let burnt = 0;
  const rows = await eventually(async () => {
    // what is measured too late on a busy machine is left out: then it is burnt again
    burnt += 1_200;
    await Promise.all([ask("/burn?ms=600"), ask("/burn?ms=600")]);
    const seen = await samples();
    return total(seen, "cpuMs") >= 1_000 && seen;
  });
  expect(total(rows, "cpuMs")).toBeLessThan(burnt + 2_800);
  for (const row of rows) expect(row.usage.cpuMs ?? 0).toBeLessThanOrEqual(2 * 2_100);
});

it("knows ready instances, requests in flight and memory of a bucket", async () => {
  const slow = ask("/slow?ms=5000");
  const full = await eventually(async () =>
    (await samples()).find(({ usage }) => usage.inFlight === 1 && usage.memoryBytes !== null),
  );
  expect(full.usage).toMatchObject({ instances: 2, inFlight: 1 });
  expect(full.usage.memoryBytes).toBeGreaterThan(2 * 20_000_000);
  expect(full.usage.memoryBytes).toBeLessThan(2 * 400_000_000);
  expect(await slow).toBe(200);
});

it("counts lines that tell of errors in the bucket they were written in", async () => {
  const before = total(await samples(), "errorLines");
  const at = new Date(Math.floor(Date.now() / 2_000) * 2_000);
  const said = [
    "it broke",
    '{"level":50,"msg":"broke"}',
    '{"level":30,"msg":"fine"}',
    "level=error broke",
    "level=warn",
  ];
  for (const text of said) await ask(`/log?text=${encodeURIComponent(text)}`);
  const rows = await eventually(async () => {
    const seen = await samples();
    return total(seen, "errorLines") >= before + 3 && seen;
  });
  expect(total(rows, "errorLines")).toBe(before + 3);
  for (const row of rows) if (Date.parse(row.bucketAt) < at.getTime()) expect(row.usage.errorLines ?? 0).toBe(0);
});

it("answers a preview by default, and counts it for nobody", async () => {
  const { url } = await daemon.platform.workloads.getService(WEB);
  const before = new Date(Math.ceil(Date.now() / 2_000) * 2_000);
  await eventually(async () => Date.now() >= before.getTime());
  const preview = await fetch(url, { headers: { "x-operate-version": "1.0.0" } });
  expect(preview.headers.get("x-operate-version")).toBe("1.0.0");
  const missing = await fetch(url, { headers: { "x-operate-version": "1.1.0" } });
  expect(missing.headers.get("x-operate-version-missing")).toBe("1.1.0");
  const rows = await eventually(async () => {
    const seen = (await samples()).filter((row) => Date.parse(row.bucketAt) >= before.getTime());
    return seen.some((row) => row.requests > 0) && seen;
  });
  expect(rows.reduce((sum, row) => sum + row.requests, 0)).toBe(1);
});

it("asks each instance directly, with method, headers and body", async () => {
  const answers = await direct({ method: "POST", body: "x".repeat(65_536), headers: { "x-caller": "verification" } });
  expect(answers).toHaveLength(2);
  expect(new Set(answers.map((one) => JSON.parse(one.body).instance)).size).toBe(2);
  for (const { status, body, problem } of answers) {
    expect([status, problem]).toEqual([200, null]);
    expect(JSON.parse(body)).toMatchObject({ bytes: 65_536 });
  }
  const [seen] = await direct({ path: "/headers", headers: { "x-caller": "verification" } });
  expect(JSON.parse(seen?.body ?? "")).toMatchObject({ "x-caller": "verification" });
});

it("gives back what is answered, cut to 4,096 characters, and says what went wrong", async () => {
  expect((await direct({ path: "/status?code=503" }))[0]).toMatchObject({ status: 503, problem: null });
  expect((await direct({ path: "/large?bytes=9000000" }))[0]?.body).toBe("x".repeat(4_096));
  expect((await direct({ method: "HEAD" }))[0]).toMatchObject({ status: 200, body: "" });
  const problem = "no answer within 300 ms";
  expect((await direct({ path: "/hang", timeoutMs: 300 }))[0]).toMatchObject({ status: null, body: "", problem });
  expect((await direct({ headers: { "bad name": "1" } }))[0]).toMatchObject({ status: null, body: "" });
  expect((await direct({ headers: { "bad name": "1" } }))[0]?.problem).toMatch(/header/i);
  const traffic = await samples();
  expect(traffic.reduce((sum, row) => sum + row.status5xx, 0)).toBe(0);
});

it("counts no request of an idle service that Operate checks, and each of a stranger who says to be Operate", async () => {
  const { url } = await daemon.platform.workloads.getService(IDLE);
  await allReady(daemon.platform, IDLE);
  const http = createOutboundClient({ allow: [], deny: [], checkSecret: SECRET });
  const check = createCheckTarget({ platform: daemon.platform }, createProber(http));
  const probe = { balancer: IDLE, path: "/readyz" };
  for (let i = 0; i < 5; i++)
    expect(await check({ timeoutMs: 5_000, probe } as PlannedTarget)).toMatchObject({ outcome: "up" });
  const hook = HookSchema.parse({ name: "warm", type: "http", url: `${url}/hello`, method: "GET" });
  const ran = await createHookRunner({ configDir: ".", http }).run(hook, { ...IDLE, key: "1" } as HookContext);
  expect(ran).toMatchObject({ ok: true });
  await http.close();
  const stranger = await fetch(`${url}/headers`, { headers: { "x-operate-check": "made up", "x-other": "1" } });
  const passedOn = (await stranger.json()) as Record<string, string>;
  expect(passedOn["x-other"]).toBe("1");
  expect(passedOn["x-operate-check"]).toBeUndefined();
  // counted after all that was checked: once it is told, so would that be
  const requests = await eventually(async () => {
    const rows = await daemon.platform.traffic.samplesSince({ ...IDLE, since });
    return rows.reduce((sum, row) => sum + row.requests, 0) || null;
  });
  expect(requests).toBe(1);
});
