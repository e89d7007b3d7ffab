import { resolve } from "node:path";
import { withoutConfidential } from "#server/agent/kernel/confidential/confidential.ts";
import { loadConfig } from "#server/config/load.ts";
import { startWarnings } from "#server/config/start-warnings.ts";
import { failScript } from "./failure.ts";
import { commandLine } from "./usage.mjs";

/** `npm run config:check [file]`: `file:line:column key: what is wrong`, one line per problem, or that it is valid, and what is missing here. */
const [argument] = commandLine("config:check").words;
const variable = process.env.OPERATE_CONFIG;
const given = argument ?? variable ?? "operate.config.yaml";
const whenMissing =
  argument === undefined && variable !== undefined
    ? "Set OPERATE_CONFIG to a file that exists, or name one: npm run config:check -- operate.config.yaml"
    : "Name a file that exists: npm run config:check -- operate.config.yaml";

try {
  const loaded = loadConfig(resolve(given), process.env, whenMissing);
  const { file, config } = loaded;
  const { length } = config.services;
  console.log(`${file} is valid: ${length} service${length === 1 ? "" : "s"}.`);
  for (const warning of startWarnings(loaded, process.env)) console.warn(`Warning: ${withoutConfidential(warning)}`);
} catch (error) {
  failScript(error);
}
