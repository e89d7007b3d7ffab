import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** `npm run bench [-- --json] [name…]`: every benchmark of this folder, one after the other; the storm has its own command. */
const own = new Set([
  "run.ts",
  "harness.ts",
  "judge-recorded.ts",
  "loghub.ts",
  "record-traffic.ts",
  "soak.ts",
  "storm-deploy.ts",
  "system.ts",
]);
const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith("-"));
const known = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter(
    (entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.includes(".test.") && !own.has(entry.name),
  )
  .map((entry) => entry.name.slice(0, -".ts".length));

const unknown = names.find((name) => !known.includes(name));
if (unknown) {
  console.error(`No benchmark is named ${unknown}. Known: ${known.join(", ")}.`);
  process.exit(2);
}
for (const name of known.filter((one) => names.length === 0 || names.includes(one))) {
  const flags = args.filter((arg) => arg.startsWith("-"));
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...flags], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
