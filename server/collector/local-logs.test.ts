import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OperateAgentConfigInput } from "../agent/config.ts";
import { createTestCollector, type TestCollector } from "../testing/collector.ts";
import { useDatabase } from "../testing/database.ts";
import {
  allReady,
  createTestDaemon,
  eventually,
  sampleService,
  type TestDaemon,
} from "../testing/local-platform/daemon.ts";

const database = useDatabase();
const services = ["checkout", "payments"].map((name) => sampleService(name));
/** lines of payments are in a Loki of its own */
const config: OperateAgentConfigInput = {
  services: [sampleService("checkout"), sampleService("payments", { telemetry: { logs: "external" } })],
  monitoringConfig: { logsEndpoint: "http://127.0.0.1:3100" },
};
const ref = { service: "checkout", environment: "staging" };
let client: pg.Client;
let daemon: TestDaemon;
let collector: TestCollector;
beforeAll(async () => {
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  daemon = createTestDaemon(services);
  await daemon.start();
  collector = createTestCollector({ databaseUrl: database.url, config, dataDir: daemon.dataDir });
  await collector.start();
  for (const { name } of services) await allReady(daemon.platform, { service: name, environment: "staging" });
});
afterAll(async () => {
  await collector.dispose();
  await daemon.dispose();
  await client.end();
});

async function say(text: string, service = "checkout"): Promise<void> {
  const { url } = await daemon.platform.workloads.getService({ service, environment: "staging" });
  await fetch(`${url}/log?text=${encodeURIComponent(text)}`);
}

interface Row {
  body: string;
  severity: number;
  service: string;
  environment: string;
  version: string;
  instance: string;
  pattern_id: number | null;
  attributes: Record<string, unknown> | null;
}
const linesLike = async (part: string): Promise<Row[]> =>
  (await client.query<Row>("select * from log_line where body like $1 order by at, id", [`%${part}%`])).rows;
const lineLike = (part: string) => eventually(async () => (await linesLike(part))[0], 15_000);

describe("lines of local instances", () => {
  it("arrive within seconds with origin, level and pattern", async () => {
    const [instance] = await allReady(daemon.platform, ref);
    const saidMs = Date.now();
    await say(JSON.stringify({ level: "warn", msg: "stock of 17 is low", sku: "a-1" }));
    const line = await lineLike("is low");
    expect(Date.now() - saidMs).toBeLessThan(10_000);
    expect(line).toMatchObject({
      ...ref,
      version: "1.0.0",
      instance: instance?.id,
      severity: 13,
      body: "stock of 17 is low",
    });
    expect(line.attributes).toMatchObject({ sku: "a-1", "log.iostream": "stderr" });
    expect(line.pattern_id).not.toBeNull();
    expect(await lineLike("listening")).toMatchObject({ ...ref, body: "listening", severity: 0 });
  });

  it("are one event where they are a stack trace, an error where they come from stderr and name no level", async () => {
    await say("TypeError: x is not a function\n    at charge (pay.js:10:5)\n    at main (pay.js:2:1)");
    expect(await lineLike("TypeError")).toMatchObject({
      severity: 17,
      body: "TypeError: x is not a function\n    at charge (pay.js:10:5)\n    at main (pay.js:2:1)",
    });
  });

  it("are left where a service keeps its lines elsewhere", async () => {
    await say("to be found elsewhere", "payments");
    await say("after it");
    await lineLike("after it");
    expect(await linesLike("elsewhere")).toEqual([]);
  });

  it("include the last words of an instance that is gone", async () => {
    const started = await daemon.platform.workloads.instances.start({ ...ref, version: "1.1.0", key: "leaving" });
    await allReady(daemon.platform, ref);
    await daemon.platform.workloads.instances.stop({ instanceId: started.id, drainTimeoutMs: 0 });
    await eventually(async () => (await linesLike("listening")).some((line) => line.instance === started.id), 15_000);
  });

  it("are each kept once, whenever the collector is killed", async () => {
    const said: string[] = [];
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 25; i++) {
        said.push(`kept once ${round}.${i};`);
        await say(said.at(-1) ?? "");
      }
      // somewhere between reading the lines and the commit
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 900));
      await collector.end("SIGKILL");
      said.push(`kept once ${round}.down;`);
      await say(said.at(-1) ?? "");
      await collector.start();
    }
    await lineLike("kept once 3.down;");
    const bodies = (await linesLike("kept once")).flatMap(({ body }) => body.split("\n"));
    expect(bodies.sort()).toEqual(said.sort());
  }, 60_000);

  it("are read by one collector at a time, and by the next when that one ends", async () => {
    const other = createTestCollector({ databaseUrl: database.url, config, dataDir: daemon.dataDir });
    await say("before both");
    await lineLike("before both");
    await collector.end("SIGTERM");
    await other.start();
    await collector.start();
    await say("with both");
    await lineLike("with both");
    await other.end("SIGKILL");
    await say("with one");
    await lineLike("with one");
    expect(await linesLike("with both")).toHaveLength(1);
    expect(await linesLike("with one")).toHaveLength(1);
    await other.dispose();
  }, 60_000);
});

it("lines of an instance that was started with an earlier value of a secret are stored without it", async () => {
  const [old, key] = [`hush-${"7f3a9c51e0".repeat(3)}`, "of this installation"];
  const environments = {
    staging: { instances: 1, initialVersion: "1.0.0", env: { DSN: "pg://u:${env:OPERATE_SECRET_DBPASS}@h/db" } },
  };
  const rotated = [sampleService("rotated", { environments })];
  const platform = createTestDaemon(rotated);
  const start = (OPERATE_SECRET_DBPASS: string) => platform.start({ OPERATE_VALUES_KEY: key, OPERATE_SECRET_DBPASS });
  const env = { OPERATE_VALUES_KEY: key, OPERATE_SECRET_DBPASS: "hush-of-today" };
  const { dataDir } = platform;
  const next = createTestCollector({ databaseUrl: database.url, config: { services: rotated }, dataDir, env });
  try {
    await start(old);
    await allReady(platform.platform, { service: "rotated", environment: "staging" });
    await platform.end("SIGKILL");
    await start(env.OPERATE_SECRET_DBPASS);
    await collector.end("SIGTERM");
    await next.start();
    const { url } = await platform.platform.workloads.getService({ service: "rotated", environment: "staging" });
    await fetch(`${url}/log?text=${encodeURIComponent(`rotated: pg://u:${old}@h/db and more`)}`);
    expect((await lineLike("rotated: ")).body).toBe("rotated: pg://u:${env:OPERATE_SECRET_DBPASS}@h/db and more");
  } finally {
    await next.dispose();
    await platform.dispose();
  }
}, 60_000);
