import { Counter, Registry } from "prom-client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOutboundClient } from "../../integrations/http/client.ts";
import { parseExposition } from "../../integrations/prometheus/exposition.ts";
import { createTelemetryStore } from "../../telemetry-store/index.ts";
import { testConfig } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { serve } from "../../testing/serve.ts";
import { createMiner } from "../mining/index.ts";
import { type ScrapeTarget, ScrapeTargetSchema } from "../telemetry/config.ts";
import { createIngest } from "./ingest.ts";
import { scrapeTargets } from "./scrape-loop.ts";
import { type ScrapeParts, scrapeTarget } from "./scrape-target.ts";

const database = useDatabase();
const registry = new Registry();
const orders = new Counter({ name: "orders_total", help: "Orders", labelNames: ["service"], registers: [registry] });
let answer: () => Promise<Response> | Response;
let asked: Request[];
let page: Awaited<ReturnType<typeof serve>>;
let store: ReturnType<typeof createTelemetryStore>;
let parts: ScrapeParts;
let http: ReturnType<typeof createOutboundClient>;

beforeAll(async () => {
  page = await serve(async (request) => {
    asked.push(request);
    return answer();
  });
  store = createTelemetryStore({ databaseUrl: database.url, config: testConfig().monitoringConfig });
  http = createOutboundClient({ allow: ["127.0.0.0/8"], deny: [], checkSecret: "secret of this installation" });
  const ingest = createIngest({ store, miner: createMiner(), report: () => {} });
  parts = { http, parse: parseExposition, ingest, store, now: Date.now };
});
afterAll(async () => {
  await http.close();
  await store.close();
  await page.close();
});
beforeEach(() => {
  asked = [];
  answer = async () => new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
});

const target = (name: string, given: Partial<ScrapeTarget> = {}): ScrapeTarget =>
  ScrapeTargetSchema.parse({ name, url: `${page.url}/metrics`, intervalMs: 60_000, timeoutMs: 30_000, ...given });
const valuesOf = async (job: string): Promise<Record<string, number>> => {
  const rows = await database.db.$queryRaw<{ name: string; value: number }[]>`
    select m.name, s.value from metric_series m join metric_sample s on s.series_id = m.id
    where m.labels->>'job' = ${job} order by s.at`;
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
};
const labelsOf = async (job: string): Promise<Record<string, string>> =>
  (
    await database.db.$queryRaw<{ labels: Record<string, string> }[]>`
      select labels from metric_series where name = 'orders_total' and labels->>'job' = ${job}`
  )[0]?.labels ?? {};
const noteOf = async (name: string) => (await store.scrapes()).find((note) => note.target === name);

describe("a target that answers", () => {
  it("is stored with its own labels and with what scraping it took", async () => {
    orders.reset();
    orders.inc(7);
    await scrapeTarget(parts, target("shop", { environment: "staging", labels: { zone: "a" }, headers: { x: "y" } }));
    expect(await valuesOf("shop")).toMatchObject({ orders_total: 7, up: 1, scrape_samples_scraped: 1 });
    // behind a balancer of the own platform it is no user
    expect(asked[0]?.headers.has("x-operate-check")).toBe(true);
    const instance = new URL(page.url).host;
    expect(await labelsOf("shop")).toEqual({
      job: "shop",
      instance,
      service: "shop",
      environment: "staging",
      zone: "a",
    });
    expect(await noteOf("shop")).toMatchObject({ ok: true, samples: 1, error: null });
    expect(asked[0]?.headers.get("accept")).toContain("application/openmetrics-text");
    expect(asked[0]?.headers.get("x")).toBe("y");
  });

  it("names its services itself, unless the configuration does", async () => {
    orders.reset();
    orders.inc({ service: "checkout" }, 1);
    await scrapeTarget(parts, target("several"));
    expect((await labelsOf("several")).service).toBe("checkout");
    await scrapeTarget(parts, target("one", { service: "gateway" }));
    expect(await labelsOf("one")).toMatchObject({ service: "gateway", exported_service: "checkout" });
  });
});

describe("a target that cannot be read is down, and the page says why", () => {
  it.each([
    ["missing", () => new Response("no", { status: 404 }), "It answers 404 instead of 200."],
    ["slow", () => new Promise<Response>(() => {}), /gave no full answer within 400 ms/],
    ["web", () => new Response("<html>", { headers: { "content-type": "text/html" } }), /text\/html/],
    ["large", () => new Response("a 1\nb 1\nc 1\n"), /more than 2 samples. Raise maxSamples/],
  ])("%s", async (name, given, error) => {
    answer = given;
    const limits = { large: { maxSamples: 2 }, slow: { timeoutMs: 400 } }[name];
    await scrapeTarget(parts, target(name, limits));
    expect(await valuesOf(name)).toMatchObject({ up: 0, scrape_samples_scraped: 0 });
    expect(await noteOf(name)).toMatchObject({ ok: false, error: expect.stringMatching(error) });
  });

  it("a metadata address, though its name in the configuration lets other private ones be asked", async () => {
    const guarded = createOutboundClient({ allow: [], deny: [] });
    await scrapeTarget({ ...parts, http: guarded }, target("private"));
    expect(await noteOf("private")).toMatchObject({ ok: true });
    await scrapeTarget({ ...parts, http: guarded }, target("metadata", { url: "http://169.254.169.254/" }));
    expect(await noteOf("metadata")).toMatchObject({ ok: false, error: expect.stringMatching(/metadata/) });
    await guarded.close();
  });
});

it("says nothing of a target that it stops asking", async () => {
  const stop = new AbortController();
  answer = () => {
    stop.abort();
    return new Promise<Response>(() => {});
  };
  await scrapeTarget(parts, target("stopped"), stop.signal);
  expect(await valuesOf("stopped")).toEqual({});
});

const EVERY_SECOND = { intervalMs: 1_000, timeoutMs: 1_000 };
it("asks each target at its interval, not all at once, and stops when it is told", async () => {
  const askedAt: number[] = [];
  answer = () => {
    askedAt.push(Date.now() % 1_000);
    return new Response("a 1\n");
  };
  const stop = new AbortController();
  const running = scrapeTargets(
    { ...parts, targets: ["first", "second"].map((name) => target(name, EVERY_SECOND)), report: () => {} },
    stop.signal,
  );
  await expect.poll(() => askedAt.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(4);
  stop.abort();
  await running;
  const [a = 0, b = 0] = askedAt;
  expect(Math.abs(Math.abs(a - b) - 500)).toBeLessThan(450);
});
