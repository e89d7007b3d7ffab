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

it("forgets a process that is no longer asked for and knows nothing of one that never was", async () => {
  const nobody = 2 ** 22 + 1; // beyond the largest pid there can be
  const sampler = new UsageSampler();
  await sampler.sample([process.pid, nobody]);
  await sampler.sample([process.pid, nobody]);
  expect(sampler.of(process.pid)?.memoryBytes).toBeGreaterThan(10_000_000);
  expect(sampler.of(nobody)).toBeUndefined();
  await sampler.sample([]);
  expect(sampler.of(process.pid)).toBeUndefined();
});
