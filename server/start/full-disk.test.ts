import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeLock } from "../../scripts/bootstrap/file-lock.mjs";
import { writeAppliedConfig } from "../config/applied.ts";
import { canMount, fillDisk, mountSmallDisk } from "../testing/small-disk.ts";
import { claimDataDir, ownSecrets, withRoom } from "./data-dir.ts";

describe.runIf(canMount)("a start on a full disk (a real tmpfs, where it may be mounted)", () => {
  let dataDir: string;
  let unmount: () => void;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "operate-full-"));
    unmount = mountSmallDisk(dataDir, "64k");
  });
  afterEach(() => {
    unmount();
    rmSync(dataDir, { recursive: true });
  });
  const room = (stop: AbortSignal, said: string[] = []) => ({
    dataDir,
    notice: (line: string) => said.push(line),
    stop,
  });
  const until = () => new AbortController();
  const open = () => claimDataDir(room(until().signal));

  it("takes its lock, and writes nothing that is there already", async () => {
    (await open()).release();
    const secrets = ownSecrets(dataDir, { NODE_ENV: "test" });
    const applied = writeAppliedConfig({ text: "services: []\n" }, dataDir);
    fillDisk(join(dataDir, "ballast"));
    const lock = await open();
    expect(lstatSync(join(dataDir, "operate.lock")).isSymbolicLink()).toBe(true); // there was no room for a file
    await expect(open()).rejects.toThrow(`already runs on ${dataDir} (process ${process.pid})`);
    expect(ownSecrets(dataDir, { NODE_ENV: "test" })).toEqual(secrets);
    expect(writeAppliedConfig({ text: "services: []\n" }, dataDir)).toBe(applied);
    lock.release();
    (await open()).release();
  });

  it("takes over such a lock of a process that is gone, with and without room", async () => {
    (await open()).release();
    fillDisk(join(dataDir, "ballast"));
    const file = join(dataDir, "operate.lock");
    takeLock(file);
    rmSync(join(dataDir, "ballast"));
    expect(takeLock(file)).toEqual({ holderPid: process.pid });
    rmSync(file);
    writeFileSync(file, "999999999 1");
    fillDisk(join(dataDir, "ballast"));
    const lock = takeLock(file);
    expect(["release" in lock, lstatSync(file).isSymbolicLink()]).toEqual([true, true]);
  });

  it("waits for room for what is new, says so once, and can be stopped meanwhile", async () => {
    fillDisk(join(dataDir, "ballast"));
    const said: string[] = [];
    const writing = withRoom(() => writeAppliedConfig({ text: "a: 1\n" }, dataDir), room(until().signal, said));
    await expect.poll(() => said.length).toBe(1);
    expect(said[0]).toContain(`the disk of ${dataDir} is full`);
    const stop = until();
    const stopped = withRoom(() => writeAppliedConfig({ text: "a: 2\n" }, dataDir), room(stop.signal));
    stop.abort();
    await expect(stopped).rejects.toThrow(/Stopped while the disk of .* is full/);
    rmSync(join(dataDir, "ballast"));
    expect(readFileSync(await writing, "utf8")).toBe("a: 1\n");
    expect(said).toHaveLength(1);
  });
});
