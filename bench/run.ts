import { once } from "node:events";
import { join } from "node:path";
import { BENCHMARKS } from "../scripts/commands.mjs";
import {
  endGroups,
  INTERRUPTED,
  listenForInterruption,
  spawnGroup,
  unlessInterrupted,
} from "../scripts/interruption.ts";
import { commandLine } from "../scripts/usage.mjs";

/** `npm run bench [-- name… --json]`: benchmarks one after the other, each with those of the options that it knows. */
const given = commandLine("bench");
listenForInterruption();
for (const [name, { options }] of Object.entries(BENCHMARKS)) {
  if (given.words.length > 0 && !given.words.includes(name)) continue;
  const flags = Object.keys(options)
    .filter((option) => given.has(option))
    .map((option) => ["--", option, typeof given.text(option) === "string" ? `=${given.text(option)}` : ""].join(""));
  const benchmark = spawnGroup([join(import.meta.dirname, `${name}.ts`), ...flags], "inherit");
  try {
    const [status] = await unlessInterrupted(once(benchmark, "exit"));
    if (status !== 0) process.exitCode = 1;
  } catch {
    await endGroups();
    process.exit(INTERRUPTED);
  }
}
