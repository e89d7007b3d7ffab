import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** Signals on their way from npm through its shell and the bootstrap to the supervisor, for which a stand-in listens. */

const ROOT = resolve(import.meta.dirname, "../..");
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
const npmIsThere = spawnSync("npm", ["--version"]).status === 0;

const BOOTSTRAP = `
import { runPinned } from "./bootstrap/pinned-node.mjs";
process.exitCode = await runPinned(["start.mjs", ...process.argv.slice(2)]);`;
const START = `
import { appendFileSync } from "node:fs";
const say = (word) => appendFileSync("said", word + "\\n");
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    if (!stopping) setTimeout(() => { say("stopped"); process.exit(0); }, 300);
    stopping = true;
  });
process.once("disconnect", () => say("left alone"));
say("up " + process.pid + " " + process.argv.slice(2).join(" "));
setInterval(() => {}, 1000);`;

it("no script puts a shell between npm and the bootstrap: npm's signals would end there", () => {
  const between = Object.entries(scripts).filter(([, command]) => command.startsWith("node scripts/bootstrap.mjs"));
  expect(between).toEqual([]);
  expect(scripts.start).toBe("exec node scripts/bootstrap.mjs start");
});

describe.runIf(npmIsThere)("npm", () => {
  let root: string;
  let supervisor: number;
  beforeEach(() => {
    supervisor = 0;
    root = mkdtempSync(join(tmpdir(), "operate-npm-"));
    mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
    symlinkSync(process.execPath, join(root, "node_modules/.bin/node"));
    cpSync(join(ROOT, "scripts/bootstrap"), join(root, "scripts/bootstrap"), { recursive: true });
    writeFileSync(join(root, "scripts/bootstrap.mjs"), BOOTSTRAP);
    writeFileSync(join(root, "start.mjs"), START);
    writeFileSync(join(root, "package.json"), JSON.stringify({ name: "x", version: "1.0.0", type: "module", scripts }));
  });
  afterEach(() => {
    if (supervisor > 0 && isAlive(supervisor)) process.kill(supervisor, "SIGKILL");
    rmSync(root, { recursive: true, force: true });
  });
  const said = () => (existsSync(join(root, "said")) ? readFileSync(join(root, "said"), "utf8") : "");

  it.each([
    [["start"], "SIGTERM"],
    [["start"], "SIGINT"],
    [["start", "--", "--no-sample"], "SIGTERM"],
    [["run", "--silent", "operate:server"], "SIGTERM"],
  ] as const)("%j passes %s on to the supervisor, and ends after it", async (args, signal) => {
    const env = { ...process.env, npm_config_update_notifier: "false", npm_config_script_shell: "" };
    const npm = spawn("npm", args, { cwd: root, detached: true, stdio: "ignore", env });
    const ended = new Promise<void>((done) => npm.once("exit", () => done()));
    await expect.poll(said, { timeout: 60_000 }).toMatch(/^up \d+/);
    supervisor = Number(/^up (\d+)/.exec(said())?.[1]);
    expect(said().includes("--no-sample")).toBe((args as readonly string[]).includes("--no-sample"));
    // npm alone, as systemd, a container's runtime or a script would: not its process group
    npm.kill(signal);
    await expect.poll(said, { timeout: 30_000 }).toMatch(/\nstopped\n/);
    await ended;
    expect(said()).not.toContain("left alone");
    expect(isAlive(supervisor)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
