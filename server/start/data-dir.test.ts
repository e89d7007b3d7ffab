import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimDataDir } from "./data-dir.ts";

/** a process number that is alive here, told by somebody whose processes cannot be seen from here */
const ELSEWHERE = `${process.pid} 1 0:0 green/other-boot/pid:[1]`;
const SOON_SILENT_MS = 1_000;

describe("the lock of a data directory that was taken in another container", () => {
  let dataDir: string;
  let said: string[];
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "operate-claim-"));
    said = [];
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));
  const file = () => join(dataDir, "operate.lock");
  const held = (beatAgoMs: number) => {
    writeFileSync(file(), ELSEWHERE);
    signOfLife(beatAgoMs);
  };
  const signOfLife = (agoMs: number) => utimesSync(file(), new Date(), new Date(Date.now() - agoMs));
  const claim = (stop = new AbortController().signal) =>
    claimDataDir({ dataDir, notice: (line) => said.push(line), stop, limits: { silentMs: SOON_SILENT_MS } });

  it("is waited for and taken when its holder gives no more signs of life", async () => {
    held(-86_400_000); // its clock is ahead
    const daemonLock = join(dataDir, "local/daemon.lock");
    mkdirSync(join(dataDir, "local"));
    writeFileSync(daemonLock, JSON.stringify({ pid: 22, identity: "x", place: "green/other-boot/pid:[1]" }));
    const lock = await claim();
    expect(existsSync(daemonLock)).toBe(false); // its daemon went with it
    expect(readFileSync(file(), "utf8")).toMatch(new RegExp(`^${process.pid} (?!1 )`));
    expect(said).toEqual([expect.stringContaining("whether the one on host green still runs")]);
    lock.release();
  });

  it("refuses as soon as its holder gives another one", async () => {
    held(10_000);
    const claimed = claim();
    const refused = expect(claimed).rejects.toMatchObject({ code: "CONFLICT" });
    await expect.poll(() => said).toHaveLength(1);
    signOfLife(0);
    await refused;
    expect(readFileSync(file(), "utf8")).toBe(ELSEWHERE);
  });

  it("is not waited for by who is told to stop", async () => {
    held(0);
    await expect(claim(AbortSignal.abort())).rejects.toMatchObject({ code: "CONFLICT" });
  });
});
