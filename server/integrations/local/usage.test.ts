import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { signalGroup } from "./process.ts";
import { UsageSampler } from "./usage.ts";

let parent: ChildProcess | undefined;
afterEach(() => {
  if (parent?.pid) signalGroup(parent.pid, "SIGKILL");
});

const begin = (script: string): number => {
  parent = spawn("sh", ["-c", `"${process.execPath}" -e '${script}' & wait`], { detached: true, stdio: "ignore" });
  return parent.pid ?? 0;
};

it("counts a process with what it forked, from its second look on", async () => {
  const pid = begin("for (;;);");
  const sampler = new UsageSampler();
  await sampler.sample([pid]);
  expect(sampler.of(pid)).toBeUndefined();
  const deadline = Date.now() + 30_000;
  // The shell itself needs a megabyte and no time: both come from the child.
  while ((sampler.of(pid)?.memoryBytes ?? 0) < 20_000_000 || (sampler.of(pid)?.cpuPercent ?? 0) < 10) {
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${JSON.stringify(sampler.of(pid))}`);
    await sleep(200);
    await sampler.sample([pid]);
  }
  expect(sampler.of(pid)?.cpuPercent).toBeLessThan(400);
});

it("forgets a process that is gone and knows nothing of one that never was", async () => {
  const pid = begin("setInterval(() => undefined, 1000)");
  const sampler = new UsageSampler();
  await sampler.sample([pid, 2 ** 22 + 1]);
  await sampler.sample([pid, 2 ** 22 + 1]);
  expect(sampler.of(pid)?.memoryBytes).toBeGreaterThan(0);
  expect(sampler.of(2 ** 22 + 1)).toBeUndefined();
  await sampler.sample([]);
  expect(sampler.of(pid)).toBeUndefined();
});
