import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { BENCHMARKS } from "../scripts/commands.mjs";
import { commandLine } from "../scripts/usage.mjs";

/** `npm run bench [-- name… --json]`: benchmarks one after the other, each with those of the options that it knows. */
const given = commandLine("bench");
for (const [name, { options }] of Object.entries(BENCHMARKS)) {
  if (given.words.length > 0 && !given.words.includes(name)) continue;
  const flags = Object.keys(options)
    .filter((option) => given.has(option))
    .map((option) => ["--", option, typeof given.text(option) === "string" ? `=${given.text(option)}` : ""].join(""));
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...flags], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
