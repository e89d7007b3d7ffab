import { appendFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { keepEnvironmentConfidential, withoutConfidential } from "./agent/kernel/confidential.ts";
import { AppError } from "./agent/kernel/errors.ts";
import { operate } from "./start/operate.ts";
import { readOptions, type StartOptions } from "./start/options.ts";
import { listenForStop } from "./start/signals.ts";

/** The supervisor: starts Operate, keeps it running, stops it. Flags and variables: see README, "Configuration". */
const root = resolve(import.meta.dirname, "..");

const line = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function stage<T>(name: string, work: Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work;
  line(`✓ ${name} ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return result;
}

/** An AppError is its message; anything else is a fault of ours, with its stack in the log and not on the terminal. */
function explain(error: unknown, options: StartOptions | null): string {
  if (error instanceof AppError) return `Operate cannot start. ${error.message}`;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (!options) return `Operate failed: ${message}`;
  const log = join(options.dataDir, "logs", "start.log");
  appendFileSync(log, `${new Date().toISOString()} ${withoutConfidential(stack ?? message)}\n`);
  return `Operate failed: ${message}. The details are in ${log}`;
}

async function main(): Promise<number> {
  const requests = listenForStop(line);
  let options: StartOptions | null = null;
  try {
    options = readOptions(process.argv.slice(2), process.env, root);
    const ending = await operate(options, root, { line, stage }, requests);
    if (ending.asked) {
      line("Stopped.");
      return 0;
    }
    console.error(`\nOperate stopped. ${withoutConfidential(ending.reason)}`);
  } catch (error) {
    keepEnvironmentConfidential(process.env);
    console.error(`\n${withoutConfidential(explain(error, options))}`);
  }
  return 1;
}

process.exit(await main());
