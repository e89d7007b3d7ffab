import { existsSync } from "node:fs";
import { endGroups, INTERRUPTED, interruption, listenForInterruption, unlessInterrupted } from "./interruption.ts";
import { findChromium, type Stage, stagesFor } from "./test/stages.ts";
import { countLine, failedOnce, failureLines, nearestLine, sum, type Tally, timeLines } from "./test/tally.ts";
import { commandLine } from "./usage.mjs";

/**
 * `npm test`: every check and every test; the last line is the count. `npm test -- unit server/agent` runs one stage
 * on some files; `npm run verify` runs the checks alone.
 */
const CHECKS = ["lint", "boundaries", "structure", "dead-code", "types"] as const;
const ALL = [...CHECKS, "build", "unit", "e2e"] as const;
type Name = (typeof ALL)[number];

const isFile = (word: string): boolean => !isName(word) && existsSync(word);
const isName = (word: string): word is Name => (ALL as readonly string[]).includes(word);

function wantedStages(words: string[]): Set<Name> {
  const named = words.flatMap((word) => (word === "verify" ? [...CHECKS] : isName(word) ? [word] : []));
  const wanted = new Set<Name>(named.length > 0 ? named : ALL);
  if (wanted.has("e2e")) wanted.add("build");
  return wanted;
}

async function runAll(words: string[]): Promise<Tally> {
  const wanted = wantedStages(words);
  let chromium: string | null = null;
  const stages = stagesFor(words.filter(isFile), () => chromium ?? "");
  const run = async (name: Name): Promise<Tally[]> => (wanted.has(name) ? [await (stages[name] as Stage).run()] : []);
  const inTurn = async (...names: Name[]): Promise<Tally[]> => {
    const tallies: Tally[] = [];
    for (const name of names) tallies.push(...(await run(name)));
    return tallies;
  };

  // the build keeps one core busy for a minute, and types need what it writes; the other core checks and tests
  const built = run("build");
  const [typed, tested, browser] = await Promise.all([
    built.then(() => run("types")),
    inTurn("lint", "boundaries", "structure", "dead-code", "unit"),
    wanted.has("e2e") ? findChromium() : null,
  ]);
  chromium = browser;
  const all = [...(await built), ...typed, ...tested];
  if (!wanted.has("e2e")) return sum(all);
  const missing = chromium === null ? "browser" : sum(await built).failed > 0 ? "build" : null;
  const browsed = missing === null ? await run("e2e") : [failedOnce("end to end", `Not run, there is no ${missing}.`)];
  return sum([...all, ...browsed]);
}

const { words } = commandLine("test");
listenForInterruption();
const total = await unlessInterrupted(runAll(words)).catch(async (error: unknown) => {
  await endGroups();
  if (interruption.aborted) process.exit(INTERRUPTED);
  throw error;
});
console.log();
for (const { name, reason } of total.skipped) console.log(`skipped: ${name} (${reason})`);
for (const line of timeLines(total)) console.log(line);
for (const test of total.nearest) console.log(nearestLine(test));
for (const line of failureLines(total.failures)) console.log(line);
console.log(countLine(total));
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
