import { resolve } from "node:path";
import { AppError } from "#server/agent/kernel/errors.ts";
import { loadConfig } from "#server/config/load.ts";

/** `npm run config:check [file]`: `file:line:column key: what is wrong`, one line per problem, or that it is valid. */
const given = process.argv[2] ?? process.env.OPERATE_CONFIG ?? "operate.config.yaml";

try {
  const { file, config } = loadConfig(resolve(given));
  console.log(`${file} is valid: ${config.services.length} services.`);
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
