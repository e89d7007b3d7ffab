import { prepareBuild } from "./build.mjs";
import { findOrInstallChromium } from "./chromium.mjs";
import { prepareDependencies } from "./dependencies.mjs";
import { explainFailure, SetupError } from "./errors.mjs";
import { runPinned } from "./pinned-node.mjs";
import { preparePrismaClient } from "./prisma-client.mjs";

/** What each command prepares, and what the pinned Node then runs. */
const COMMANDS = {
  start: { prepare: [prepareDependencies, preparePrismaClient, prepareBuild], run: "server/start.ts" },
  dev: { prepare: [prepareDependencies, preparePrismaClient], run: "server/start.ts", args: ["--dev"] },
  test: { prepare: [prepareDependencies, preparePrismaClient], run: "scripts/test.ts" },
  "config-check": { prepare: [prepareDependencies], run: "scripts/config-check.ts" },
  "reset-password": { prepare: [prepareDependencies, preparePrismaClient], run: "scripts/reset-password.ts" },
  bench: { prepare: [prepareDependencies, preparePrismaClient], run: "bench/run.ts" },
  soak: { prepare: [prepareDependencies, preparePrismaClient, prepareBuild], run: "bench/soak.ts" },
  "storm-deploy": { prepare: [prepareDependencies, preparePrismaClient, prepareBuild], run: "bench/storm-deploy.ts" },
  "storm-kill": { prepare: [prepareDependencies, preparePrismaClient, prepareBuild], run: "bench/storm-kill.ts" },
  // the two below are stages of `test`, which runs them beside its checks
  build: { prepare: [prepareDependencies, preparePrismaClient, prepareBuild] },
  chromium: { prepare: [findOrInstallChromium] },
};

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Prepares what `command` needs, runs it, and returns its exit code. */
export async function bootstrap([command, ...rest]) {
  const found = Object.hasOwn(COMMANDS, command ?? "") ? COMMANDS[command] : undefined;
  if (!found) {
    console.error(`Unknown command \`${command ?? ""}\`. Known: ${Object.keys(COMMANDS).join(", ")}.`);
    return 2;
  }
  const quit = () => process.exit(130);
  for (const signal of INTERRUPTS) process.once(signal, quit);
  try {
    for (const prepare of found.prepare) await prepare();
    for (const signal of INTERRUPTS) process.off(signal, quit);
    return found.run ? await runPinned([found.run, ...(found.args ?? []), ...rest]) : 0;
  } catch (error) {
    const told = error.syscall ? explainFailure("Preparing the project", error.message) : error;
    if (!(told instanceof SetupError)) throw error;
    console.error(`\n${told.message}`);
    return 1;
  }
}
