import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { decodeWriteRequest } from "#server/integrations/prometheus/remote-write.ts";
import { useDatabase } from "#server/testing/database.ts";
import { isInstalled, named, startPrometheus } from "#server/testing/monitoring-servers.ts";
import { SENDER } from "#server/testing/telemetry/records.ts";
import { writeRequest } from "#server/testing/telemetry/wire.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

/** The same native histograms, by remote write to the built-in store and to a Prometheus. */
const MINUTE_MS = 60_000;
/** steps begin at multiples of their length */
const WINDOW_MS = 3 * MINUTE_MS;
const nowMs = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS;
const SCRAPES = 20;
const startMs = nowMs - SCRAPES * 15_000;
const SCHEMAS = [-2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8];
const QUANTILES = [0.5, 0.95, 0.99];

/** Seconds that requests took, between a tenth of a millisecond and some seconds; the same at every run. */
const observations = Array.from({ length: 1_000 }, (_, i) => {
  const spread = ((i * 0.618_033_988) % 1) + ((i * 0.754_877_666) % 1) + ((i * 0.569_840_291) % 1) - 1.5;
  return 0.05 * Math.exp(1.4 * spread * 2);
});

/** all that was observed until the n-th scrape: each finds new buckets */
function histogramAt(schema: number, scrape: number, float: boolean) {
  const counts = new Map<number, number>();
  let sum = 0;
  const seen = observations.slice(0, scrape * (observations.length / SCRAPES));
  for (const value of seen) {
    const index = Math.ceil(Math.log2(value) * 2 ** schema);
    counts.set(index, (counts.get(index) ?? 0) + 1);
    sum += value;
  }
  const indexes = [...counts.keys()].sort((a, b) => a - b);
  const spans: { offset: number; length: number }[] = [];
  let end = 0;
  for (const index of indexes) {
    const last = spans.at(-1);
    if (last && index === end) last.length++;
    else spans.push({ offset: last ? index - end : index, length: 1 });
    end = index + 1;
  }
  const values = indexes.map((index) => counts.get(index) ?? 0);
  const [count, zeros] = [seen.length + scrape, scrape];
  return {
    ...{ sum, schema, zero_threshold: 1e-9, positive_spans: spans, timestamp: startMs + scrape * 15_000 },
    ...(float
      ? { count_float: count, zero_count_float: zeros, positive_counts: values }
      : {
          ...{ count_int: count, zero_count_int: zeros },
          positive_deltas: values.map((value, i) => value - (values[i - 1] ?? 0)),
        }),
  };
}

const nameOf = (schema: number, float: boolean) =>
  `took_${float ? "float" : "whole"}_${String(schema).replace("-", "minus_")}_seconds`;
const CASES = SCHEMAS.flatMap((schema) =>
  [false, true].map((float) => ({ schema, float, name: nameOf(schema, float) })),
);
const bodies = Array.from({ length: SCRAPES }, (_, i) =>
  writeRequest(
    CASES.map(({ schema, float, name }) => ({
      labels: [
        { name: "__name__", value: name },
        { name: "job", value: "shop" },
      ],
      histograms: [histogramAt(schema, i + 1, float)],
    })),
  ),
);

describe.skipIf(!isInstalled("prometheus"))(named("native histograms", "prometheus"), () => {
  const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
  const database = useDatabase();
  let store: BuiltinStore;
  let server: Awaited<ReturnType<typeof startPrometheus>>;
  beforeAll(async () => {
    store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs + MINUTE_MS) });
    server = await startPrometheus({ receives: true });
    for (const body of bodies) {
      const { records, rejected } = decodeWriteRequest(body, { contentType: undefined, maxBytes: 2 ** 24 });
      expect(rejected).toEqual([]);
      expect((await store.writeSamples(records, SENDER)).rejected).toEqual([]);
      const headers = { "content-encoding": "snappy", "content-type": "application/x-protobuf" };
      const answer = await fetch(`${server.url}/api/v1/write`, { method: "POST", body: Buffer.from(body), headers });
      expect([answer.status, await answer.text()]).toEqual([204, ""]);
    }
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await store?.close();
  });

  const prometheusSays = async (expression: string): Promise<number> => {
    const query = new URLSearchParams({ query: expression, time: String(nowMs / 1_000) });
    const { data } = (await (await fetch(`${server.url}/api/v1/query?${query}`)).json()) as {
      data: { result: { value: [number, string] }[] };
    };
    return Number(data.result[0]?.value[1]);
  };
  const ask = async (metric: string, fn: "increase" | "quantile", quantile = 0.5) => {
    const window = { from: new Date(nowMs - WINDOW_MS), to: new Date(nowMs) };
    const query = { filters: [], groupBy: [], window, stepSeconds: WINDOW_MS / 1_000, limit: 1 };
    const { data } = await store.metrics.query({ ...query, metric, fn, quantile });
    return data.lines[0]?.values.at(-1) ?? Number.NaN;
  };

  it.each(CASES)("of schema $schema, floats: $float, are what a real Prometheus says of them", async ({ name }) => {
    const [count, sum] = ["count", "sum"].map((what) => `histogram_${what}(increase(${name}[3m]))`);
    const near = (found: number, wanted: number, what: string | number) => {
      expect(wanted).toBeGreaterThan(0);
      expect(Math.abs(found / wanted - 1), `${what}: ${found}, not ${wanted}`).toBeLessThan(0.05);
    };
    near(await ask(`${name}_count`, "increase"), await prometheusSays(count ?? ""), "count");
    near(await ask(`${name}_sum`, "increase"), await prometheusSays(sum ?? ""), "sum");
    for (const quantile of QUANTILES) {
      const wanted = await prometheusSays(`histogram_quantile(${quantile}, rate(${name}[3m]))`);
      near(await ask(name, "quantile", quantile), wanted, quantile);
    }
  });

  it("are the same from rollups", async () => {
    const told = () => Promise.all(CASES.map(({ name }) => ask(name, "quantile", 0.95)));
    const before = await told();
    await upkeepOnce(store);
    expect((await told()).map((value, i) => value / (before[i] ?? 0))).toEqual(CASES.map(() => expect.closeTo(1, 2)));
  });
});
