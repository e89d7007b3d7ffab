import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { serviceSignals } from "#server/agent/metrics/index.ts";
import type { TelemetrySources } from "#server/agent/ports/telemetry-sources.ts";
import type { TelemetryStore } from "#server/agent/ports/telemetry-store.ts";
import { loadConfig } from "#server/config/load.ts";
import { createTelemetrySources } from "#server/container/sources.ts";
import { createOutboundClient } from "#server/integrations/http/client.ts";
import { readOptions } from "#server/start/options.ts";
import { testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { isInstalled, named, type RunningServer, startPrometheus } from "#server/testing/monitoring-servers.ts";

const HERE = import.meta.dirname;
const PROGRAMS = ["prometheus", "promtool"];

/** The example as its first lines say, but with a scrape every second, on ports and in folders of its own. */
describe.skipIf(!PROGRAMS.every(isInstalled))(named("The example beside a Prometheus", ...PROGRAMS), () => {
  const database = useDatabase();
  const root = mkdtempSync(join(tmpdir(), "operate-example-"));
  const http = createOutboundClient({ allow: [], deny: [] });
  const children: ChildProcess[] = [];
  let prometheus: RunningServer;
  let clients: NodeJS.Timeout;

  const startTickets = async (instance: string): Promise<string> => {
    const child = spawn(process.execPath, [join(HERE, "tickets.js")], {
      env: {
        ...process.env,
        ...{ SERVICE_NAME: "tickets", SERVICE_VERSION: "1.1.0", SERVICE_ENVIRONMENT: "production", PORT: "0" },
        ...{ INSTANCE_ID: instance, OPERATE_DATA_DIR: join(root, ".operate") },
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let printed = "";
    for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      printed += chunk;
      const port = /"port":(\d+)/.exec(printed)?.[1];
      if (port) return `http://127.0.0.1:${port}`;
    }
    throw new Error(`tickets.js ended: ${printed}`);
  };

  beforeAll(async () => {
    const folder = join(root, "examples", "prometheus");
    mkdirSync(folder, { recursive: true });
    cpSync(join(HERE, "operate.config.yaml"), join(folder, "operate.config.yaml"));
    cpSync(join(HERE, "tickets.js"), join(folder, "tickets.js"));
    const configFile = join(folder, "prometheus.yml");
    writeFileSync(
      configFile,
      readFileSync(join(HERE, "prometheus.yml"), "utf8").replace("scrape_interval: 5s", "scrape_interval: 1s"),
    );
    prometheus = await startPrometheus({ configFile }); // first, as the commands say: it must see who comes later
    const urls = [await startTickets("a"), await startTickets("b")];
    clients = setInterval(() => {
      for (const url of urls)
        void fetch(url).then(
          (answer) => answer.arrayBuffer(),
          () => null,
        );
    }, 10);
  });
  afterAll(async () => {
    clearInterval(clients);
    for (const child of children) child.kill("SIGKILL");
    await prometheus?.stop();
    await http.close();
    rmSync(root, { recursive: true, force: true });
  });

  const signals = async () => {
    const { config } = loadConfig(join(root, "examples", "prometheus", "operate.config.yaml"));
    config.monitoringConfig.metricsEndpoint = prometheus.url;
    config.monitoringConfig.metricsIntervalSeconds = 1;
    const telemetry = createTelemetrySources({
      config,
      http,
      store: {} as TelemetryStore,
      ingest: {} as TelemetrySources["ingest"],
    });
    // a while ago, so that no later scrape changes what is compared
    const now = () => new Date(Date.now() - 3_000);
    const ctx = testContext(database, { config, telemetry, now });
    const window = { startTime: new Date(now().getTime() - 60_000).toISOString(), endTime: now().toISOString() };
    return serviceSignals(ctx, { ...window, service: "tickets", environment: "production", compareBefore: false });
  };

  it("is told where Operate listens by itself", () => {
    const { baseUrl } = readOptions([], { NODE_ENV: "production" }, root);
    expect(readFileSync(join(HERE, "prometheus.yml"), "utf8")).toContain(`targets: ["${new URL(baseUrl).host}"]`);
  });

  it("draws the service page with the figures of promtool", async () => {
    await vi.waitUntil(async () => (await signals()).signals.every(({ problem }) => problem === null), {
      ...{ timeout: 60_000, interval: 500 },
    });
    const answer = await signals();
    expect(answer).toMatchObject({ template: "prometheus-http", source: { kind: "prometheus", stale: false } });
    const startMs = Date.parse(answer.start);
    const stepMs = answer.stepSeconds * 1_000;
    for (const { signal, query, values } of answer.signals) {
      const { stdout } = await promisify(execFile)("promtool", [
        ...["query", "range", "-o", "json", `--step=${answer.stepSeconds}s`],
        `--start=${(startMs + stepMs) / 1_000}`,
        `--end=${(startMs + values.length * stepMs) / 1_000}`,
        ...[prometheus.url, query],
      ]);
      const [line] = JSON.parse(stdout) as { values: [number, string][] }[];
      const numbers = line?.values.map(([at, text]) => [at * 1_000, Number(text)] as const);
      const expected = new Map(numbers?.filter(([, value]) => Number.isFinite(value)));
      expect(expected.size, signal).toBeGreaterThan(0);
      values.forEach((value, i) => {
        const other = expected.get(startMs + (i + 1) * stepMs) ?? null;
        if (value === null || other === null) expect([signal, value]).toEqual([signal, other]);
        else expect(value, signal).toBeCloseTo(other, 9);
      });
    }
  }, 120_000);
});
