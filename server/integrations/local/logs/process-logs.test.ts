import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { createProcessLogFollower } from "./process-logs.ts";

const folder = mkdtempSync(join(tmpdir(), "operate-process-logs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const follower = createProcessLogFollower({
  ...{ folder, service: "operate", environment: "operate" },
  processes: ["web", "worker", "traffic"],
});
let cursors: Record<string, string> = {};
beforeEach(() => {
  cursors = {};
});

/** What is new, as `process: text`. */
async function read(maxBytes = 1_000_000): Promise<string[]> {
  const { streams } = await follower.followLogs({ cursors, maxBytes });
  return streams.flatMap(({ name, instanceId, lines }) => {
    cursors[name] = lines.at(-1)?.cursor ?? "";
    return lines.map(({ text }) => `${instanceId}: ${text}`);
  });
}

it("hands out each line of each process once, also across the turning over of a file", async () => {
  writeFileSync(join(folder, "web.log"), "one\ntwo\nthr");
  writeFileSync(join(folder, "worker.log"), "ready\n");
  writeFileSync(join(folder, "other.log"), "not asked for\n");
  expect(await read()).toEqual(["web: one", "web: two", "worker: ready"]);
  expect(await read()).toEqual([]);
  appendFileSync(join(folder, "web.log"), "ee\n");
  expect(await read()).toEqual(["web: three"]);
  appendFileSync(join(folder, "web.log"), "four\n");
  renameSync(join(folder, "web.log"), join(folder, "web.log.1"));
  writeFileSync(join(folder, "web.log"), "five\n");
  expect(await read()).toEqual(["web: four", "web: five"]);
});

it("reads on later where there is more than was asked for", async () => {
  const lines = Array.from({ length: 4_000 }, (_, i) => `line ${i} ${"x".repeat(40)}`);
  writeFileSync(join(folder, "web.log"), lines.map((line) => `${line}\n`).join(""));
  rmSync(join(folder, "web.log.1"), { force: true });
  const found: string[] = [];
  for (let round = 0; round < 20 && found.length < lines.length + 1; round++) found.push(...(await read(70_000)));
  expect(found.filter((line) => line.startsWith("web"))).toEqual(lines.map((line) => `web: ${line}`));
});
