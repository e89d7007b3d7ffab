import { withLock } from "./lock.mjs";
import { PINNED_NODE } from "./pinned-node.mjs";
import { stage } from "./progress.mjs";
import { run } from "./run.mjs";
import { hashOf, stampAt } from "./stamp.mjs";

const stamp = stampAt(".next/operate-built");

const SOURCES = [
  "app",
  "components",
  "mcp",
  "server",
  "public",
  "prisma/schema",
  "instrumentation.ts",
  "instrumentation-client.ts",
  "proxy.ts",
  "next.config.ts",
  "postcss.config.mjs",
  "tsconfig.json",
  "package-lock.json",
];
/** parts of `server` that never reach a page; the generated client follows from prisma/schema */
const NOT_BUILT = /\.test\.tsx?$|^server\/(testing|start|db\/generated)(\/|$)|^server\/(start|worker|web)\.ts$/;

const wanted = () => hashOf(SOURCES, { ignore: (path) => NOT_BUILT.test(path) });

/** `next build` when something it is made from changed. */
export async function prepareBuild() {
  if (stamp.says(wanted())) return;
  await withLock(async () => {
    const hash = wanted();
    if (stamp.says(hash)) return;
    await stage("console", async () => {
      stamp.clear();
      await run("Building the console", PINNED_NODE, ["node_modules/next/dist/bin/next", "build"], {
        NEXT_TELEMETRY_DISABLED: "1",
        NODE_ENV: "production",
      });
      stamp.write(hash);
    });
  });
}
