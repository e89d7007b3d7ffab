import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runNode } from "./command.ts";
import { PROJECTS } from "./projects.ts";
import { failedOnce, judgeRunner, NOTHING, sum, type Tally } from "./tally.ts";

/** One part of `npm test`. */
export interface Stage {
  name: string;
  run(): Promise<Tally>;
}

/** what an incremental check of types leaves for the next one */
const TYPES_KEPT = "tsconfig.tsbuildinfo";
const BIN = {
  biome: "node_modules/@biomejs/biome/bin/biome",
  depcruise: "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs",
  knip: "node_modules/knip/bin/knip.js",
  next: "node_modules/next/dist/bin/next",
  playwright: "node_modules/@playwright/test/cli.js",
  tsc: "node_modules/typescript/bin/tsc",
  vitest: "node_modules/vitest/vitest.mjs",
};
/** what the texts of sources and documents tell */
const STRUCTURE = ["structure", "capabilities", "documents"].map((name) => `server/testing/${name}.test.ts`);
const CRUISED = ["app", "bench", "components", "e2e", "examples", "mcp", "scripts", "server"];
/** fewer means that the parser saw nothing, which would pass */
const LEAST_MODULES = 50;

/** Prints how a stage ended; returns its time for the summary. */
function say(mark: string, name: string, startedMs: number, remark = ""): Pick<Tally, "stages"> {
  const tookMs = performance.now() - startedMs;
  console.log(`${mark} ${name} ${(tookMs / 1000).toFixed(1)} s${remark && `: ${remark}`}`);
  return { stages: [{ name, tookMs }] };
}

/** A check passes or fails as a whole; each command must end well, and `judge` may object to what one printed. */
function check(name: string, commands: string[][], judge?: (output: string) => string | null): Stage {
  return {
    name,
    run: async () => {
      const startedMs = performance.now();
      for (const command of commands) {
        const { exitCode, output } = await runNode(command, { live: false });
        const objection = exitCode === 0 ? (judge?.(output) ?? null) : `exit code ${exitCode}`;
        if (objection === null) continue;
        const took = say("✗", name, startedMs, objection);
        console.log(output.trimEnd().replace(/^/gm, "  "));
        return { ...failedOnce(name, `${objection}\n${output.trim()}`), ...took };
      }
      return { ...NOTHING, passed: 1, ...say("✓", name, startedMs) };
    },
  };
}

/** A test runner prints as it goes and leaves a tally behind. */
function runner(name: string, command: string[], env: () => Record<string, string>): Stage {
  return {
    name,
    run: async () => {
      const startedMs = performance.now();
      const folder = mkdtempSync(join(tmpdir(), "operate-tally-"));
      const file = join(folder, "tally.json");
      const { exitCode } = await runNode(command, { live: true, env: { ...env(), OPERATE_TALLY: file } });
      const { tally, remark } = judgeRunner(name, readTally(file), exitCode);
      rmSync(folder, { recursive: true });
      return { ...tally, ...say(tally.failed > 0 ? "✗" : "✓", name, startedMs, remark ?? undefined) };
    },
  };
}

const tests = (name: string, more: string[]): Stage =>
  runner(
    name,
    [BIN.vitest, "run", "--reporter=default", "--reporter=./scripts/test/vitest-reporter.ts", ...more],
    // most of what a short-lived process does is to compile the same modules
    () => ({ NODE_ENV: "test", NODE_COMPILE_CACHE: resolve("node_modules/.cache/compiled") }),
  );

/** Two runs at once: within one, each file with a process of its own would end a process that the others share. */
function allTests(): Stage {
  const runs = [
    tests("unit and database", [
      ...[PROJECTS.pure, PROJECTS.database].map((name) => `--project=${name}`),
      ...["--maxWorkers=2", ...STRUCTURE.map((file) => `--exclude=${file}`)], // a stage of its own
    ]),
    tests("processes", [`--project=${PROJECTS.ownProcess}`, "--maxWorkers=4"]), // they mostly wait
  ];
  return { name: "unit", run: async () => sum(await Promise.all(runs.map((one) => one.run()))) };
}

function readTally(file: string): Tally | null {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null; // the runner crashed before its report; judgeRunner makes that a failure
  }
}

function enoughModules(output: string): string | null {
  const cruised = Number(/(\d+) modules/.exec(output)?.[1] ?? 0);
  return cruised >= LEAST_MODULES ? null : `only ${cruised} modules were seen`;
}

/**
 * In seconds, from what the check before found out. TypeScript 7.0 was seen to keep an error there that was mended, so that
 * what fails is checked again without; a fresh clone always is.
 */
function types(): Stage {
  const checked = check("types", [
    [BIN.next, "typegen"],
    [BIN.tsc, "--noEmit", "--pretty", "false"],
  ]);
  const run = async (): Promise<Tally> => {
    const kept = existsSync(TYPES_KEPT);
    const first = await checked.run();
    if (first.failed === 0 || !kept) return first;
    rmSync(TYPES_KEPT, { force: true });
    return checked.run();
  };
  return { ...checked, run };
}

/** `chromium` is asked when the browser is needed: it is found while the checks run. */
export function stagesFor(paths: string[], chromium: () => string) {
  return {
    lint: check("lint", [[BIN.biome, "ci", "--colors=off", "--error-on-warnings", "--max-diagnostics=50"]]),
    boundaries: check(
      "boundaries",
      [[BIN.depcruise, "--config", ".dependency-cruiser.cjs", "--output-type", "err", ...CRUISED]],
      enoughModules,
    ),
    structure: tests("structure", [`--project=${PROJECTS.pure}`, ...STRUCTURE]),
    "dead-code": check("dead code", [[BIN.knip, "--no-progress", "--no-config-hints"]]),
    types: types(),
    build: check("build", [["scripts/bootstrap.mjs", "build"]]),
    unit: paths.length > 0 ? tests("unit", paths) : allTests(),
    e2e: runner(
      "end to end",
      [BIN.playwright, "test", "--reporter=list,./scripts/test/playwright-reporter.ts", ...paths],
      () => ({ OPERATE_CHROMIUM: chromium() }),
    ),
  } satisfies Record<string, Stage>;
}

/** The path of the browser for the end-to-end tests, installed if need be; null, with the reason told, when none. */
export async function findChromium(): Promise<string | null> {
  const { output } = await runNode(["scripts/bootstrap.mjs", "chromium"], { live: false });
  const path = /^OPERATE_CHROMIUM=(.+)$/m.exec(output)?.[1];
  if (!path) console.log(output.trim());
  return path ?? null;
}
