import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { grafanaDashboard } from "#server/agent/metrics/index.ts";
import { promqlWith } from "#server/agent/telemetry/promql.ts";
import { loadConfig } from "#server/config/load.ts";
import { failScript } from "./failure.ts";
import { commandLine } from "./usage.mjs";

/**
 * `npm run grafana:export -- file`, or `npm run --silent grafana:export`: the service page as a dashboard for Grafana's provisioning, printed or written to
 * a file. OPERATE_CONFIG names the configuration whose services it shows; without it the sample shop's, as at the start.
 */
const IN_GRAFANA = { rate: "$__rate_interval", samples: "$__interval", step: "$__interval_ms / 1000" };

const { npm_lifecycle_event: script, npm_config_loglevel: loglevel } = process.env;
/** npm prints its own two lines first: behind a `>` or a pipe they would stand before the JSON. */
const npmWritesToo = script === "grafana:export" && loglevel !== "silent" && !process.stdout.isTTY;

const [file] = commandLine("grafana:export").words;
if (file === undefined && npmWritesToo) {
  console.error(
    "npm writes lines of its own to where the dashboard is to go. Name the file, `npm run grafana:export -- dashboard.json`, or keep npm quiet, `npm run --silent grafana:export > dashboard.json`.",
  );
  process.exit(1);
}

try {
  const configFile = process.env.OPERATE_CONFIG || "examples/shop/operate.config.yaml";
  const { config } = loadConfig(resolve(configFile));
  const dashboard = grafanaDashboard(config, (query) => promqlWith(query, IN_GRAFANA));
  const json = `${JSON.stringify(dashboard, null, 2)}\n`;
  if (file === undefined) process.stdout.write(json);
  else {
    writeFileSync(file, json);
    const { length } = config.services;
    console.log(
      `${resolve(file)}: ${length} service${length === 1 ? "" : "s"}. Put it where Grafana's dashboard provider looks.`,
    );
  }
} catch (error) {
  failScript(error);
}
