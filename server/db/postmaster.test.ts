import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findRunningPostgres, startEmbeddedPostgres } from "./embedded.ts";
import { findPostmaster, setStalePidFileAside, stopLeftover } from "./postmaster.ts";

let dataDir: string;
let cluster: string;
let stranger: ChildProcess | null = null;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "operate-postmaster-"));
  cluster = join(dataDir, "postgres");
});
afterEach(() => {
  stranger?.kill("SIGKILL");
  rmSync(dataDir, { recursive: true });
});

describe.runIf(process.platform === "linux")("a stale postmaster.pid", () => {
  it.each([
    ["names postgres in an argument", "tail", ["-f", "/dev/null", "my-postgres-notes.log"], "/"],
    ["works in the cluster", "tail", ["-f", "/dev/null", "postgres"], "cluster"],
    ["calls itself postgres -D", "sh", ["-c", "read _", "postgres", "-D", "cluster"], "cluster"],
    ["is a program of that name elsewhere", "copy", ["-f", "/dev/null", "--", "-D"], "/"],
  ])("signals no process that %s", async (_name, program, args, cwd) => {
    mkdirSync(cluster);
    const copy = join(dataDir, "bin/postgres");
    mkdirSync(join(dataDir, "bin"));
    copyFileSync("/usr/bin/tail", copy);
    const at = cwd === "cluster" ? cluster : cwd;
    const given = args.map((one) => (one === "cluster" ? cluster : one));
    stranger = spawn(program === "copy" ? copy : program, given, { cwd: at, stdio: ["pipe", "ignore", "ignore"] });
    await once(stranger, "spawn");
    writeFileSync(join(cluster, "postmaster.pid"), `${stranger.pid}\n${cluster}\n1700000000\n5432\n`);
    expect(findPostmaster(cluster)).toBeNull();
    await stopLeftover(cluster);
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  });

  it("takes a server that ends before the signal reaches it for one that is stopped", async () => {
    mkdirSync(join(dataDir, "bin"));
    mkdirSync(cluster);
    const copy = join(dataDir, "bin/postgres");
    copyFileSync("/usr/bin/tail", copy);
    const child = spawn(copy, ["-f", "/dev/null", "--", "-D"], { cwd: cluster, stdio: "ignore" });
    stranger = child;
    await once(child, "spawn");
    writeFileSync(join(cluster, "postmaster.pid"), `${child.pid}\n`);
    expect(findPostmaster(cluster)).toBe(child.pid);
    const kill = vi.spyOn(process, "kill").mockImplementation(() => {
      child.kill("SIGKILL");
      throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
    });
    try {
      await stopLeftover(cluster);
      expect(kill).toHaveBeenCalledWith(child.pid, "SIGINT");
    } finally {
      kill.mockRestore();
    }
  });

  it("is moved away when its number is a zombie's, and stays when it is nobody's", async () => {
    mkdirSync(cluster);
    const parent = spawn("sh", ["-c", "cat <&3 >/dev/null & echo $!; exec sleep 600"], {
      stdio: ["ignore", "pipe", "ignore", "pipe"],
    });
    stranger = parent;
    const zombie = Number(String((await once(parent.stdout as Readable, "data"))[0]));
    // the shell could still collect its child; the program that takes its place never does
    await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, "utf8")).toBe("sleep\n");
    (parent.stdio[3] as Writable).end();
    await expect.poll(() => readFileSync(`/proc/${zombie}/stat`, "latin1")).toContain(") Z ");
    const file = join(cluster, "postmaster.pid");
    writeFileSync(file, `${zombie}\n`);
    expect(setStalePidFileAside(cluster)).toBe(`${file}.stale`);
    for (const text of ["", "postgres", "1", "4194304"]) {
      writeFileSync(file, text);
      expect(setStalePidFileAside(cluster)).toBeNull();
    }
  });

  it.each(["", "postgres", "-1", "0"])("that says `%s` is nobody's", async (text) => {
    mkdirSync(cluster);
    writeFileSync(join(cluster, "postmaster.pid"), text);
    expect(findPostmaster(cluster)).toBeNull();
    await stopLeftover(cluster);
  });
});

it("the server of the cluster itself is found, not one of its children, and stopped", {
  timeout: 120_000,
}, async () => {
  const { pid, url, exited } = await startEmbeddedPostgres({ dataDir });
  expect([findPostmaster(cluster), await findRunningPostgres(dataDir)]).toEqual([pid, url]);
  await stopLeftover(cluster);
  expect(await exited).toContain("exit code 0");
  expect(findPostmaster(cluster)).toBeNull();
});
