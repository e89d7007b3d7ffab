import { accessSync, constants, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { withLock } from "./lock.mjs";
import { inRoot } from "./paths.mjs";
import { COMPILE_CACHE, PINNED_NODE } from "./pinned-node.mjs";
import { stage } from "./progress.mjs";
import { run } from "./run.mjs";
import { hashOf, stampAt } from "./stamp.mjs";

/** Read by Next in the web process. */
const NEXT_CONFIG = "next.config.ts";
/** The first module of each process that lives as long as Operate runs. */
export const PROCESS_FILES = [
  "server/start.ts",
  "server/web.ts",
  "server/worker.ts",
  "server/collector.ts",
  "server/integrations/local/daemon.ts",
  "server/integrations/local/traffic.ts",
];

const stamp = stampAt(resolve(COMPILE_CACHE, "operate-server-code"));

const wanted = () =>
  hashOf(["server", "mcp", NEXT_CONFIG, "package-lock.json"], {
    ignore: (path) => /\.test\.ts$|^server\/testing(\/|$)/.test(path),
  });

/** Modules are linked before the first of them runs, and the first one here ends the process: types are stripped, nothing is done. */
export const linkOnly = (files) =>
  ["data:text/javascript,process.exit()", ...files.map((file) => pathToFileURL(inRoot(file)).href)]
    .map((url) => `import ${JSON.stringify(url)};`)
    .join("\n");

/**
 * Strips the types of the processes' code into Node's compile cache. A process that finds its code there does not load
 * Node's stripper, which would keep 20 MB for as long as it runs.
 */
export async function prepareServerCode() {
  if (!isUsable() || stamp.says(wanted())) return;
  await withLock(async () => {
    const hash = wanted();
    if (stamp.says(hash)) return;
    await stage("server code", async () => {
      stamp.clear();
      const args = ["--input-type=module", "-e", linkOnly([...PROCESS_FILES, NEXT_CONFIG])];
      await run("Preparing the server's code", PINNED_NODE, args, { NODE_COMPILE_CACHE: COMPILE_CACHE });
      stamp.write(hash);
    });
  });
}

/** Without a cache that can be written Node starts all the same, only larger and later. */
function isUsable() {
  try {
    mkdirSync(COMPILE_CACHE, { recursive: true });
    accessSync(COMPILE_CACHE, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
