import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { identityOf } from "../integrations/local/instance/process.ts";
import { recordProcess, stopOrphanProcesses } from "./orphan-processes.ts";

let root: string;
let dataDir: string;
let web: ChildProcess;
const pid = () => web.pid ?? 0;

const begin = async (env: Record<string, string>) => {
  web = spawn("sleep", ["600"], {
    detached: true,
    stdio: "ignore",
    env: { NODE_ENV: "test", PATH: process.env.PATH, ...env },
  });
  await once(web, "spawn");
};
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "operate-leftovers-")));
  dataDir = join(root, "data");
  mkdirSync(dataDir);
});
afterEach(() => {
  web.kill("SIGKILL");
  rmSync(root, { recursive: true });
});

it.each([
  ["says on which directory it works", true],
  ["says nothing", false],
])(
  "ends what an earlier start left, of the original and not from a copy, where the process %s",
  async (_name, says) => {
    await begin(says ? { OPERATE_DATA_DIR: dataDir } : {});
    recordProcess(dataDir, "web", pid());
    const copy = join(root, "copy");
    cpSync(dataDir, copy, { recursive: true });
    expect(await stopOrphanProcesses(copy)).toEqual([]);
    expect(identityOf(pid())).not.toBeNull();
    const moved = join(root, "moved");
    renameSync(dataDir, moved);
    expect(await stopOrphanProcesses(moved)).toEqual(["web"]);
    expect(identityOf(pid())).toBeNull();
  },
);

it("ends what an earlier release wrote down, and is not stopped by half a record", async () => {
  await begin({ OPERATE_DATA_DIR: dataDir });
  mkdirSync(join(dataDir, "run"));
  writeFileSync(join(dataDir, "run/web"), `${pid()} ${identityOf(pid())}`);
  writeFileSync(join(dataDir, "run/worker"), '{"pid":1');
  expect(await stopOrphanProcesses(dataDir)).toEqual(["web"]);
});
