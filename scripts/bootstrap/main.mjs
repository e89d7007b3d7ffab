import { BENCHMARKS, COMMANDS } from "../commands.mjs";
import { answerInstead, printAnswer } from "../usage.mjs";
import { prepareBuild } from "./build.mjs";
import { findOrInstallChromium } from "./chromium.mjs";
import { prepareDependencies } from "./dependencies.mjs";
import { explainFailure, SetupError } from "./errors.mjs";
import { runPinned } from "./pinned-node.mjs";
import { preparePrismaClient } from "./prisma-client.mjs";
import { prepareServerCode } from "./server-code.mjs";

const CODE = [prepareDependencies, preparePrismaClient];
const SYSTEM = [...CODE, prepareServerCode, prepareBuild];

/**
 * For glibc, of Operate's processes and not of the services it runs: what is free is returned from 128 kB on. Without
 * it that bound grows with the largest block ever freed, to 64 MB for each of several heaps.
 */
const RETURNS_MEMORY = { MALLOC_TRIM_THRESHOLD_: "131072" };

/** What each command prepares, and what the pinned Node then runs; named as the npm scripts are. */
const PREPARED = {
  start: { prepare: SYSTEM, run: "server/start.ts", env: RETURNS_MEMORY },
  "operate:dev": { prepare: CODE, run: "server/start.ts", args: ["--dev"] },
  test: { prepare: CODE, run: "scripts/test.ts" },
  "test:watch": { prepare: CODE, run: "scripts/test-watch.ts" },
  "config:check": { prepare: [prepareDependencies], run: "scripts/config-check.ts" },
  "operate:reset-password": { prepare: CODE, run: "scripts/reset-password.ts" },
  "db:migration": { prepare: [prepareDependencies], run: "scripts/new-migration.ts" },
  "new:capability": { prepare: [prepareDependencies], run: "scripts/new-capability.ts" },
  "new:integration": { prepare: [prepareDependencies], run: "scripts/new-integration.ts" },
  "grafana:export": { prepare: CODE, run: "scripts/grafana-export.ts" },
  screenshots: { prepare: SYSTEM, run: "scripts/screenshots.ts" },
  "bench:idle": { prepare: SYSTEM, run: "bench/idle.ts" },
  soak: { prepare: SYSTEM, run: "bench/soak.ts" },
  "storm:deploy": { prepare: SYSTEM, run: "bench/storm-deploy.ts" },
  "storm:kill": { prepare: SYSTEM, run: "bench/storm-kill.ts" },
  bench: { prepare: CODE, run: "bench/run.ts" },
  ...Object.fromEntries(
    Object.entries(BENCHMARKS).map(([file, { script }]) => [
      script,
      { prepare: CODE, run: "bench/run.ts", args: [file] },
    ]),
  ),
  // the two below are stages of `test`, which runs them beside its checks
  build: { prepare: SYSTEM },
  chromium: { prepare: [findOrInstallChromium] },
};

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Prepares what `command` needs, runs it, and returns its exit code; `--help` and mistakes are answered before. */
export async function bootstrap([command, ...rest]) {
  const found = Object.hasOwn(PREPARED, command ?? "") ? PREPARED[command] : undefined;
  if (!found) {
    console.error(`Unknown command \`${command ?? ""}\`. Known: ${Object.keys(PREPARED).join(", ")}.`);
    return 2;
  }
  const answer = Object.hasOwn(COMMANDS, command) ? answerInstead(command, rest) : null;
  if (answer) {
    printAnswer(answer);
    return answer.exitCode;
  }
  const quit = () => process.exit(130);
  for (const signal of INTERRUPTS) process.once(signal, quit);
  try {
    for (const prepare of found.prepare) await prepare();
    for (const signal of INTERRUPTS) process.off(signal, quit);
    return found.run ? await runPinned([found.run, ...(found.args ?? []), ...rest], found.env) : 0;
  } catch (error) {
    const told = error.syscall ? explainFailure("Preparing the project", error.message) : error;
    if (!(told instanceof SetupError)) throw error;
    console.error(`\n${told.message}`);
    return 1;
  }
}
