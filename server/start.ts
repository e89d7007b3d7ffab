import { appendFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { keepEnvironmentConfidential, withoutConfidential } from "./agent/kernel/confidential/confidential.ts";
import { AppError } from "./agent/kernel/errors.ts";
import { releaseIdleMemory } from "./idle-memory.ts";
import { operate } from "./start/operate.ts";
import { readOptions, type StartOptions } from "./start/options.ts";
import { listenForStop } from "./start/signals.ts";

/** The supervisor: starts Operate, keeps it running, stops it. Flags: `npm start -- --help`; variables: docs/configuration.md. */
const root = resolve(import.meta.dirname, "..");

const line = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const SAY_AGAIN_MS = 10_000;

async function stage<T>(name: string, work: Promise<T>, waitingFor: () => string | null = () => null): Promise<T> {
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1000;
  const timer = setInterval(() => {
    const what = waitingFor();
    line(`  ${name}: waiting ${what ? `for ${what}` : "until it is ready"}, ${seconds().toFixed(0)} s`);
  }, SAY_AGAIN_MS);
  try {
    const result = await work;
    line(`✓ ${name} ${seconds().toFixed(1)} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** An AppError is its message; anything else is a fault of ours, with its stack in the log and not on the terminal. */
function explain(error: unknown, options: StartOptions | null): string {
  if (error instanceof AppError) return `Operate cannot start. ${error.message}`;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (!options) return `Operate failed: ${message}`;
  const log = join(options.dataDir, "logs", "start.log");
  try {
    appendFileSync(log, `${new Date().toISOString()} ${withoutConfidential(stack ?? message)}\n`);
  } catch {
    return `Operate failed: ${message}. Its details could not be written to ${log}.`; // no room, or not ours
  }
  return `Operate failed: ${message}. The details are in ${log}`;
}

async function main(): Promise<number> {
  const requests = listenForStop(line);
  let options: StartOptions | null = null;
  try {
    options = readOptions(process.argv.slice(2), process.env, root);
    const ending = await operate(options, root, { line, stage }, requests);
    if (ending === "lost") return 1;
    line(ending === "stopped" ? "Stopped." : "The console stopped; the instances serve on. `npm start` adopts them.");
    return 0;
  } catch (error) {
    keepEnvironmentConfidential(process.env);
    console.error(`\n${withoutConfidential(explain(error, options))}`);
  }
  return 1;
}

releaseIdleMemory();
process.exit(await main());
