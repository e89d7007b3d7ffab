import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { createTestCollector, type TestCollector } from "../testing/collector.ts";
import { useDatabase } from "../testing/database.ts";
import { eventually } from "../testing/local-platform/daemon.ts";
import { serve } from "../testing/serve.ts";

const database = useDatabase();
const close: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of close.splice(0).reverse()) await one();
});

/** A collector as the supervisor starts it, beside a web process that shows one figure, and with a log of that. */
async function start(monitoringConfig: object): Promise<{ collector: TestCollector; asked: string[] }> {
  const asked: string[] = [];
  const web = await serve(async (request) => {
    asked.push(new URL(request.url).pathname);
    return new Response("operate_workers_alive 1\n", { headers: { "content-type": "text/plain; version=0.0.4" } });
  });
  close.push(() => web.close());
  const collector = createTestCollector({
    databaseUrl: database.url,
    config: { monitoringConfig },
    env: { HOST: "127.0.0.1", PORT: new URL(web.url).port },
  });
  close.push(() => collector.dispose());
  const folder = join(collector.dataDir, "logs");
  mkdirSync(folder, { recursive: true });
  const line = { level: 50, time: "2026-11-25T10:00:00.000Z", component: "web", msg: "request failed" };
  writeFileSync(join(folder, "web.log"), `${JSON.stringify({ ...line, time: new Date().toISOString() })}\n`);
  await collector.start();
  return { collector, asked };
}

it("Operate's own figures and logs are those of a service like any other", async () => {
  await start({});
  const series = await eventually(async () => {
    const [row] = await database.db.$queryRaw<{ service: string; environment: string }[]>`
      select service, environment from metric_series where name = 'operate_workers_alive'`;
    return row;
  }, 30_000);
  expect(series).toEqual({ service: "operate", environment: "operate" });
  const line = await eventually(async () => {
    const [row] = await database.db.$queryRaw<{ service: string; instance: string; severity: number }[]>`
      select service, instance, severity from log_line where body = 'request failed'`;
    return row;
  }, 10_000);
  expect(line).toEqual({ service: "operate", instance: "web", severity: 17 });
}, 60_000);

it("can be left out", async () => {
  const { collector, asked } = await start({ selfMonitoring: false });
  const sent = await collector.send("/v1/logs", "{}", { "content-type": "application/json" });
  expect(sent.status).toBe(200);
  await collector.end("SIGTERM");
  expect(asked).toEqual([]);
  expect(collector.output()).not.toMatch(/scrape|followed/);
}, 60_000);
