import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { findDaemon } from "../integrations/local/running-daemon.ts";
import { KillableOperate } from "../testing/killing.ts";
import { isAlive } from "../testing/local-platform/daemon.ts";
import { recordedPid } from "./orphan-processes.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 360_000 });

const operate = new KillableOperate();
beforeAll(() => operate.start());
afterAll(async () => {
  const left = await operate.stop();
  await operate.dispose();
  expect(left).toEqual([]);
});

const daemonPid = () => findDaemon(operate.dataDir)?.pid ?? 0;

it("a daemon that runs in short pulses only is not replaced", async () => {
  const pid = daemonPid();
  for (let pulse = 0; pulse < 5; pulse++) {
    process.kill(pid, "SIGSTOP");
    await delay(4_000);
    process.kill(pid, "SIGCONT");
    await delay(150);
  }
  expect(daemonPid()).toBe(pid);
  expect(operate.shown).not.toContain("does not answer");
});

it("SIGSTOP of the daemon: it is said, killed and replaced; the instances live on", async () => {
  const pid = daemonPid();
  expect((await operate.kill(["daemon"], ["daemon"])).faults, operate.shown).toEqual([]);
  expect(operate.shown).toContain(`daemon (pid ${pid}) does not answer`);
  expect(isAlive(pid)).toBe(false);
});

it("a new start replaces a daemon that hangs", async () => {
  const pid = daemonPid();
  expect((await operate.kill(["supervisor", "web", "daemon"], ["daemon"])).faults, operate.shown).toEqual([]);
  expect(operate.shown).toContain(`daemon (pid ${pid}) does not answer`);
  expect(isAlive(pid)).toBe(false);
});

it.each(["worker", "collector"] as const)("SIGSTOP of the %s: it is said, killed and replaced", async (name) => {
  const pid = recordedPid(operate.dataDir, name);
  expect((await operate.kill([name], [name])).faults, operate.shown).toEqual([]);
  expect(operate.shown).toContain(`${name} (pid ${pid}) stopped answering (30 s of silence)`);
});

it("SIGSTOP of the postmaster: it is said, killed and started again", async () => {
  expect((await operate.kill(["postmaster"], ["postmaster"])).faults, operate.shown).toEqual([]);
  expect(operate.shown).toMatch(
    /PostgreSQL \((pid \d+)\) has not answered for [5-9] s; after 30 s it is killed and replaced.*PostgreSQL \(\1\) does not answer/s,
  );
});
