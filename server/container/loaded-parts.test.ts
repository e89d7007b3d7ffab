import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** What each process loads when it starts, read from the imports of its files: memory is what a process loads. */

const ROOT = resolve(import.meta.dirname, "../..");
const VALUE_IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;

function importsOf(file: string): string[] {
  const found = [...readFileSync(join(ROOT, file), "utf8").matchAll(VALUE_IMPORT)].map(
    ([, specifier = ""]) => specifier,
  );
  return found.map((specifier) => {
    if (specifier.startsWith("#")) return specifier.slice(1);
    return specifier.startsWith(".") ? join(file, "..", specifier) : `package ${specifier}`;
  });
}

/** all that is loaded with these files, dynamic imports left out */
function loadedWith(entries: readonly string[]): ReadonlySet<string> {
  const loaded = new Set(entries);
  for (const file of loaded) {
    if (!/\.tsx?$/.test(file)) continue;
    for (const one of importsOf(file)) loaded.add(one);
  }
  return loaded;
}

const routes = globSync("app/**/route.ts", { cwd: ROOT });
const PROCESSES = {
  web: loadedWith(["server/web.ts", ...routes]),
  worker: loadedWith(["server/worker.ts"]),
  collector: loadedWith(["server/collector.ts"]),
};

/** parts of one process, each with the processes that load it */
const PARTS: readonly [string, string, readonly (keyof typeof PROCESSES)[]][] = [
  ["what carries a deployment out", "server/agent/deploy/run/workflow.ts", ["worker"]],
  ["what watches over a deployment", "server/agent/deploy/watch/index.ts", ["worker"]],
  ["the worker's side of DBOS", "server/durable/launch.ts", ["worker"]],
  ["the lease and DBOS's executor", "package @dbos-inc/dbos-sdk/internal/dbos-executor", ["worker"]],
  ["the schedule of health checks", "server/agent/health/check/scheduler.ts", ["worker"]],
  ["the prober", "server/integrations/probe/prober.ts", ["worker"]],
  ["consumers of the time line", "server/agent/timeline/consume.ts", ["worker"]],
  ["the queue of workflows", "server/durable/queue.ts", ["web", "worker"]],
  ["the collector's door", "server/collector/ingest-server.ts", ["collector"]],
  ["the decoders of what senders send", "server/collector/endpoints.ts", ["web", "collector"]],
  ["Next", "package next", ["web"]],
  ["procedures and tools", "server/routers/index.ts", ["web"]],
];

describe("processes load no part that is another's", () => {
  it.each(PARTS)("%s", (_, file, expected) => {
    const loading = Object.entries(PROCESSES).flatMap(([name, loaded]) => (loaded.has(file) ? [name] : []));
    expect(loading).toEqual(expected);
  });
});
