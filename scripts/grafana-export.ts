import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { promqlWith } from "#server/agent/kernel/promql.ts";
import { grafanaDashboard } from "#server/agent/metrics/index.ts";
import { loadConfig } from "#server/config/load.ts";

/**
 * `npm run grafana:export [-- file]`: the service page as a dashboard for Grafana's provisioning, printed or written to
 * a file. OPERATE_CONFIG names the configuration whose services it shows; without it the sample shop's, as at the start.
 */
const IN_GRAFANA = { rate: "$__rate_interval", samples: "$__interval", step: "$__interval_ms / 1000" };

const { config } = loadConfig(resolve(process.env.OPERATE_CONFIG || "examples/shop/operate.config.yaml"));
const dashboard = grafanaDashboard(config, (query) => promqlWith(query, IN_GRAFANA));
const json = `${JSON.stringify(dashboard, null, 2)}\n`;
const [file] = process.argv.slice(2);
if (file === undefined) process.stdout.write(json);
else {
  writeFileSync(file, json);
  console.log(`${resolve(file)}: ${config.services.length} services. Put it where Grafana's dashboard provider looks.`);
}
