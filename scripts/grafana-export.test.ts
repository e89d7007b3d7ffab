import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { isInstalled, named, type RunningServer, startPrometheus } from "#server/testing/monitoring-servers.ts";

const ROOT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "operate-grafana-"));
afterAll(() => rmSync(folder, { recursive: true }));

const Grid = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
const Target = z.object({ refId: z.string(), expr: z.string().min(1), legendFormat: z.string() });
/** What Grafana's provisioning needs of a dashboard. */
const Dashboard = z.object({
  uid: z.string().max(40),
  title: z.string(),
  schemaVersion: z.number().min(36),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string(), query: z.string() })) }),
  panels: z.array(
    z.object({
      id: z.number().int(),
      type: z.enum(["row", "timeseries"]),
      title: z.string(),
      gridPos: Grid,
      targets: z.array(Target).optional(),
    }),
  ),
});

const exported = async (config: string, ...more: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, ["scripts/grafana-export.ts", ...more], {
    cwd: ROOT,
    env: { ...process.env, OPERATE_CONFIG: join(ROOT, config) },
  });
  return stdout;
};
const dashboardOf = async (config: string) => Dashboard.parse(JSON.parse(await exported(config)));
const SHOP = "examples/shop/operate.config.yaml";
const TICKETS = "examples/prometheus/operate.config.yaml";

it.each([
  ["behind a pipe it names the forms that work, and writes nothing", { npm_lifecycle_event: "grafana:export" }, false],
  [
    "when npm is quiet, the dashboard alone is printed",
    { npm_lifecycle_event: "grafana:export", npm_config_loglevel: "silent" },
    true,
  ],
] as const)("started by npm: %s", async (_, npm, printed) => {
  const run = promisify(execFile)(process.execPath, ["scripts/grafana-export.ts"], {
    cwd: ROOT,
    env: { ...process.env, npm_config_loglevel: "notice", ...npm, OPERATE_CONFIG: join(ROOT, SHOP) },
  });
  if (printed) return expect(Dashboard.safeParse(JSON.parse((await run).stdout)).success).toBe(true);
  await expect(run).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/-- dashboard.json.*--silent/),
  });
});

describe("the dashboard for Grafana", () => {
  it("has a row for each service and one over all, with the panels of the service page", async () => {
    const { panels, templating } = await dashboardOf(SHOP);
    const rows = panels.filter(({ type }) => type === "row").map(({ title }) => title);
    expect(rows).toEqual(["All services", "gateway", "catalog", "checkout", "payments"]);
    expect(templating.list.map(({ name }) => name)).toEqual(["datasource", "service", "environment"]);
    expect(templating.list[1]?.query).toBe("gateway,catalog,checkout,payments");
    const gateway = panels.slice(5, 11).map(({ title }) => title);
    expect(gateway).toEqual(["Requests", "Errors", "Latency", "CPU", "Memory", "Saturation"]);
  });

  it("places its panels beside and under one another, never on one another", async () => {
    const { panels } = await dashboardOf(SHOP);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const overlap = (a: z.infer<typeof Grid>, b: z.infer<typeof Grid>) =>
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
    for (const [i, { gridPos }] of panels.entries()) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(panels.slice(i + 1).some((other) => overlap(gridPos, other.gridPos))).toBe(false);
    }
  });

  it("is written to a file when one is named", async () => {
    const file = join(folder, "services.json");
    expect(await exported(TICKETS, file)).toContain(": 1 service. ");
    expect(Dashboard.parse(JSON.parse(readFileSync(file, "utf8"))).panels).toHaveLength(11);
  });
});

describe.skipIf(!isInstalled("prometheus"))(named("The dashboard's expressions", "prometheus"), () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startPrometheus({ targets: [] });
  });
  afterAll(() => server?.stop());

  const VARIABLES: Record<string, string> = {
    $service: "checkout|payments",
    $environment: "production",
    $__rate_interval: "1m",
    $__interval_ms: "15000",
    $__interval: "15s",
  };
  const filled = (expression: string): string =>
    Object.entries(VARIABLES).reduce((text, [name, value]) => text.replaceAll(name, value), expression);

  it.each([SHOP, TICKETS])("of %s are accepted by a real Prometheus", async (config) => {
    const { panels } = await dashboardOf(config);
    const expressions = panels.flatMap(({ targets }) => targets ?? []).map(({ expr }) => filled(expr));
    expect(expressions.length).toBeGreaterThan(10);
    for (const expression of expressions) {
      expect(expression).not.toContain("$");
      const answer = await fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query: expression })}`);
      expect({ expression, ...((await answer.json()) as object) }).toMatchObject({ expression, status: "success" });
    }
  });
});
