import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { INTERRUPTED, killThoseThatKnow, processesThatKnow } from "./interruption.ts";

const ROOT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "operate-interrupted-"));
afterAll(() => {
  killThoseThatKnow(folder);
  rmSync(folder, { recursive: true, force: true });
});

/** All that it starts has the folder in its environment. */
const run = (args: string[]): ChildProcess =>
  spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, TMPDIR: folder }, stdio: "ignore" });
const commands = () => [...processesThatKnow(folder).values()];
const exitOf = (child: ChildProcess) => new Promise<number | null>((done) => child.once("exit", done));

describe.runIf(process.platform === "linux")("a signal", () => {
  it("ends a whole storm in the middle of its start", async () => {
    const storm = run(["bench/storm-kill.ts", "--stand-in-web"]);
    const ended = exitOf(storm);
    await expect.poll(commands, { timeout: 60_000 }).toContainEqual(expect.stringContaining("daemon.ts"));
    storm.kill("SIGTERM");
    expect(await ended).toBe(INTERRUPTED);
    expect(commands()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  }, 120_000);

  it("ends what a stage of the tests has started, grandchildren, too", async () => {
    const module = JSON.stringify(join(ROOT, "scripts/interruption.ts"));
    const grandchild = `require("node:child_process").execFileSync("sleep", ["1234"])`;
    const script = `
      const { endGroups, INTERRUPTED, listenForInterruption, spawnGroup, unlessInterrupted } = await import(${module});
      listenForInterruption();
      const child = spawnGroup(["-e", ${JSON.stringify(grandchild)}], "pipe");
      await unlessInterrupted(new Promise((done) => child.once("exit", done))).catch(endGroups);
      process.exit(INTERRUPTED);`;
    const command = run(["--input-type=module", "-e", script]);
    const ended = exitOf(command);
    await expect.poll(commands).toContainEqual(expect.stringMatching(/^sleep 1234/));
    command.kill("SIGTERM");
    expect(await ended).toBe(INTERRUPTED);
    expect(commands()).toEqual([]);
  });
});
