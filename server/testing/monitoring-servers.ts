import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { SeriesSamples } from "#server/agent/ports/telemetry.ts";

/** Real monitoring servers for tests: started on free ports with data of their own, stopped and forgotten after. */

const run = promisify(execFile);
const READY_WITHIN_MS = 20_000;

/** Whether a program can be started here; a test that needs one is skipped by name where it cannot. */
export const isInstalled = (program: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

/** A test's name with the reason why it is skipped, so that a report tells what to install. */
export const named = (name: string, ...programs: string[]): string => {
  const missing = programs.filter((program) => !isInstalled(program));
  return missing.length > 0 ? `${name} (skipped: ${missing.join(", ")} not installed)` : name;
};

export interface RunningServer {
  url: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a program and waits until `readyPath` answers 200. @throws with what it printed when it does not */
async function start(
  program: string,
  argumentsFor: (address: string) => string[],
  options: { readyPath: string; folder: string; port?: number },
): Promise<RunningServer> {
  const address = `127.0.0.1:${options.port ?? (await freePort())}`;
  const child = spawn(program, argumentsFor(address), { cwd: options.folder, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  const keep = (chunk: Buffer): void => {
    printed = (printed + chunk.toString()).slice(-4_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await answers(`http://${address}${options.readyPath}`))) {
    if (performance.now() > deadline || child.exitCode !== null) {
      await stop();
      throw new Error(`${program} was not ready within ${READY_WITHIN_MS} ms: ${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url: `http://${address}`, stop };
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  );

const inFolder = async (make: (folder: string) => Promise<RunningServer>): Promise<RunningServer> => {
  const folder = await mkdtemp(join(tmpdir(), "operate-monitoring-"));
  const server = await make(folder).catch(async (error) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...server, stop };
};

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const FAMILY_PART = { counter: /_total$/, histogram: /_(bucket|sum|count)$/ };

/** Samples as OpenMetrics text, with their instants. */
function openMetrics(series: readonly SeriesSamples[]): string {
  const families = new Map<string, string[]>();
  const names = new Set(series.map((one) => one.name));
  for (const { name, labels, kind, timesMs, values } of series) {
    const histogram = name.replace(FAMILY_PART.histogram, "");
    const isHistogram = histogram !== name && names.has(`${histogram}_bucket`);
    const family = isHistogram ? histogram : kind === "counter" ? name.replace(FAMILY_PART.counter, "") : name;
    const type = isHistogram ? "histogram" : kind === "counter" ? "counter" : "gauge";
    const lines = families.get(`${family} ${type}`) ?? [];
    families.set(`${family} ${type}`, lines);
    const text = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
    timesMs.forEach((at, i) => {
      lines.push(`${name}{${text.join(",")}} ${values[i]} ${(at / 1_000).toFixed(3)}`);
    });
  }
  const blocks = [...families].map(([head, lines]) => `# TYPE ${head}\n${lines.join("\n")}`);
  return `${blocks.join("\n")}\n# EOF\n`;
}

interface PrometheusOptions {
  /** history */
  series?: readonly SeriesSamples[];
  /** `host:port`, scraped every second */
  targets?: readonly string[];
  /** instead of targets */
  configFile?: string;
  port?: number;
  /** takes remote write, native histograms among it */
  receives?: boolean;
}

export const startPrometheus = (options: PrometheusOptions): Promise<RunningServer> =>
  inFolder(async (folder) => {
    const configFile = options.configFile ?? join(folder, "prometheus.yml");
    if (!options.configFile) await writeFile(configFile, scraping(options.targets ?? []));
    const data = join(folder, "data");
    if (options.series) {
      await writeFile(join(folder, "samples.txt"), openMetrics(options.series));
      await run("promtool", ["tsdb", "create-blocks-from", "openmetrics", join(folder, "samples.txt"), data]);
    }
    return start(
      "prometheus",
      (address) => [
        ...[`--config.file=${configFile}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${address}`],
        ...(options.receives ? ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"] : []),
      ],
      { readyPath: "/-/ready", folder, ...(options.port && { port: options.port }) },
    );
  });

const scraping = (targets: readonly string[]): string =>
  `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: test
    static_configs: [{ targets: [${targets.map((target) => `"${target}"`).join(", ")}] }]
`;

export const startVictoriaMetrics = (series: readonly SeriesSamples[]): Promise<RunningServer> =>
  inFolder(async (folder) => {
    const server = await start(
      "victoria-metrics",
      (address) => [
        `-storageDataPath=${join(folder, "data")}`,
        `-httpListenAddr=${address}`,
        "-search.latencyOffset=0s",
        "-search.disableCache",
      ],
      { readyPath: "/health", folder },
    );
    // its import takes milliseconds where OpenMetrics has seconds
    const body = openMetrics(series).replace(/(\d+)\.(\d{3})$/gm, "$1$2");
    const imported = await fetch(`${server.url}/api/v1/import/prometheus`, { method: "POST", body });
    if (!imported.ok) throw new Error(`victoria-metrics took no samples: ${imported.status}`);
    await fetch(`${server.url}/internal/force_flush`);
    return server;
  });

export const startNodeExporter = (): Promise<RunningServer> =>
  inFolder((folder) =>
    start(
      "prometheus-node-exporter",
      (address) => [`--web.listen-address=${address}`, "--collector.disable-defaults", "--collector.loadavg"],
      { readyPath: "/metrics", folder },
    ),
  );
