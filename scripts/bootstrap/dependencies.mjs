import { existsSync, readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { SetupError } from "./errors.mjs";
import { withLock } from "./lock.mjs";
import { inRoot, ROOT } from "./paths.mjs";
import { PINNED_NODE } from "./pinned-node.mjs";
import { stage } from "./progress.mjs";
import { run } from "./run.mjs";
import { hashOf, stampAt } from "./stamp.mjs";

const stamp = stampAt("node_modules/.operate-installed");

function wanted() {
  const { dependencies, devDependencies, overrides, allowScripts } = JSON.parse(
    readFileSync(inRoot("package.json"), "utf8"),
  );
  const extra = JSON.stringify([
    dependencies,
    devDependencies,
    overrides,
    allowScripts,
    process.platform,
    process.arch,
  ]);
  return hashOf(["package-lock.json"], { extra });
}

const isCurrent = () => existsSync(PINNED_NODE) && stamp.says(wanted());

const packagesOf = (path) => JSON.parse(readFileSync(inRoot(path), "utf8")).packages ?? {};

/** Whether somebody's own `npm ci` installed what the lockfile says: npm writes down at the end what is there. */
function isInstalledAlready() {
  try {
    const { "": root, ...locked } = packagesOf("package-lock.json");
    const wants = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
    const sorted = (record = {}) => Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const asked = (of) => JSON.stringify([sorted(of.dependencies), sorted(of.devDependencies)]);
    const there = packagesOf("node_modules/.package-lock.json");
    return (
      existsSync(PINNED_NODE) &&
      asked(root) === asked(wants) &&
      Object.entries(locked).every(([path, { version, integrity, optional }]) =>
        there[path] ? there[path].version === version && there[path].integrity === integrity : optional,
      )
    );
  } catch {
    return false; // nothing was installed, or by something else than npm
  }
}

/** `npm ci` when the lockfile changed since the last whole install. */
export async function prepareDependencies() {
  if (isCurrent()) return;
  await withLock(async () => {
    if (isCurrent()) return;
    if (isInstalledAlready()) return stamp.write(wanted());
    await stage("dependencies", async () => {
      stamp.clear();
      const [command, ...args] = npm();
      // an `npm --silent` around us must not hide the reason of a failure
      await run("Installing the dependencies", command, [...args, "ci", "--include=dev", "--loglevel=error"], {
        PATH: outsidePath(),
        NODE_ENV: "development",
      });
      await assertPinnedNode();
      stamp.write(wanted());
    });
  });
}

/** npm as it was called, on a Node outside node_modules, which `npm ci` is about to remove. */
function npm() {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env;
  if (!cli?.endsWith("npm-cli.js") || !node || node.startsWith(ROOT)) return ["npm"];
  return [node, cli];
}

const outsidePath = () =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.startsWith(inRoot("node_modules")))
    .join(delimiter);

async function assertPinnedNode() {
  if (!existsSync(PINNED_NODE))
    throw new SetupError(
      "npm installed everything but the pinned Node, which comes by an install script. Allow it: `npm config set ignore-scripts false`.",
    );
  await run("Starting the pinned Node", PINNED_NODE, ["--version"]);
}
