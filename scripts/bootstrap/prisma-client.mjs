import { readFileSync } from "node:fs";
import { withLock } from "./lock.mjs";
import { inRoot } from "./paths.mjs";
import { PINNED_NODE } from "./pinned-node.mjs";
import { stage } from "./progress.mjs";
import { run } from "./run.mjs";
import { hashOf, stampAt } from "./stamp.mjs";

const stamp = stampAt("server/db/generated/.operate-generated");

const wanted = () =>
  hashOf(["prisma/schema", "prisma.config.ts"], {
    extra: JSON.parse(readFileSync(inRoot("package.json"), "utf8")).dependencies.prisma,
  });

/** `prisma generate` when the schema changed. */
export async function preparePrismaClient() {
  if (stamp.says(wanted())) return;
  await withLock(async () => {
    const hash = wanted();
    if (stamp.says(hash)) return;
    await stage("database client", async () => {
      stamp.clear();
      await run("Generating the database client", PINNED_NODE, ["node_modules/prisma/build/index.js", "generate"], {
        // without it Prisma downloads an engine it never runs; any existing file will do
        PRISMA_SCHEMA_ENGINE_BINARY: PINNED_NODE,
        PRISMA_HIDE_UPDATE_MESSAGE: "1",
        CHECKPOINT_DISABLE: "1",
      });
      stamp.write(hash);
    });
  });
}
