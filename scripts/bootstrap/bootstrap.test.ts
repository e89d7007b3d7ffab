import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { takeLock } from "./file-lock.mjs";
import { BEAT_MS, currentPlace, SILENT_MS } from "./lock-holder.mjs";
import { PROCESS_FILES } from "./server-code.mjs";

/** Stands in for npm, prisma and next: writes down that it was called, then does what `does` says. */
const tool = (name: string, does: string) => `
const { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } = require("node:fs");
appendFileSync("calls", "${name} " + process.argv.slice(2).join(" ") + "\\n");
${does}`;

const NPM = `
setTimeout(() => {
  rmSync("node_modules", { recursive: true, force: true });
  mkdirSync("node_modules/.bin", { recursive: true });
  for (const folder of ["prisma/build", "next/dist/bin"]) mkdirSync("node_modules/" + folder, { recursive: true });
  writeFileSync("node_modules/prisma/build/index.js", ${JSON.stringify(tool("prisma", `mkdirSync("server/db/generated", { recursive: true });`))});
  writeFileSync("node_modules/next/dist/bin/next", ${JSON.stringify(tool("next", `mkdirSync(".next", { recursive: true }); if (process.env.BREAK_BUILD) { console.error("Type error: no such page\\n    at build (x.js:1)"); process.exit(1); }`))});
  if (process.env.BREAK_INSTALL) { console.error("npm error code ENOTFOUND\\nnpm error network"); process.exit(1); }
  symlinkSync(process.execPath, "node_modules/.bin/node");
}, 300);`;

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "operate-bootstrap-"));
  cpSync(resolve(import.meta.dirname, ".."), join(root, "scripts"), { recursive: true });
  mkdirSync(join(root, "prisma/schema"), { recursive: true });
  mkdirSync(join(root, "server/integrations/local"), { recursive: true });
  mkdirSync(join(root, "app"));
  const files = {
    "package.json": '{"dependencies":{"prisma":"7.0.0"}}',
    "package-lock.json": "{}",
    "prisma/schema/base.prisma": "model A {}",
    "app/page.tsx": "page",
    ...Object.fromEntries([...PROCESS_FILES, "next.config.ts"].map((file) => [file, ""])),
    "server/start.ts":
      'console.log("started", process.argv.slice(2).join(" ")); process.exit(Number(process.env.EXIT ?? 0));',
    "npm-cli.js": tool("npm", NPM),
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(root, path), content);
});
afterEach(() => rmSync(root, { recursive: true }));

async function bootstrap(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["scripts/bootstrap.mjs", ...args], {
    cwd: root,
    env: { ...process.env, npm_execpath: join(root, "npm-cli.js"), npm_node_execpath: process.execPath, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let shown = "";
  const keep = (chunk: string) => {
    shown += chunk;
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  const exitCode = await new Promise<number | null>((done) => child.once("close", done));
  return { exitCode, shown };
}

/** The tools called since the last time this was asked. */
function calls(): string[] {
  const file = join(root, "calls");
  const called = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  rmSync(file, { force: true });
  return called.map((line) => line.split(" ")[0] ?? "");
}
const change = (path: string) => writeFileSync(join(root, path), `{"changed":"${performance.now()}"}`);

describe("bootstrap start", () => {
  it("installs, generates, builds and hands over; the next time it only hands over", async () => {
    const first = await bootstrap(["start", "--no-sample"]);
    expect(calls()).toEqual(["npm", "prisma", "next"]);
    expect(first).toMatchObject({
      exitCode: 0,
      shown: expect.stringMatching(/✓ dependencies [\d.]+ s\n.*✓ console [\d.]+ s\nstarted --no-sample\n/s),
    });
    expect(await bootstrap(["start"])).toMatchObject({ exitCode: 0, shown: "started \n" });
    expect(calls()).toEqual([]);
  });

  it.each([
    ["package-lock.json", ["npm", "next"]],
    ["prisma/schema/base.prisma", ["prisma", "next"]],
    ["app/page.tsx", ["next"]],
    ["server/rule.ts", ["next"]],
    ["server/rule.test.ts", []],
  ])("after a change of %s does %j again", async (path, expected) => {
    await bootstrap(["start"]);
    calls();
    change(path);
    await bootstrap(["start"]);
    expect(calls()).toEqual(expected);
  });

  it("installs nothing after an `npm ci` of one's own, unless something else was installed", async () => {
    const locked = (version: string) =>
      JSON.stringify({
        packages: {
          "": { dependencies: { prisma: "7.0.0" } },
          "node_modules/prisma": { version },
          "node_modules/of-another-platform": { version: "1.0.0", optional: true },
        },
      });
    const installed = (version: string) =>
      JSON.stringify({ packages: { "node_modules/prisma": { version }, "node_modules/next": { version: "1.0.0" } } });
    await bootstrap(["start"]);
    expect(calls()).toContain("npm");

    for (const [version, names] of [
      ["7.0.0", []],
      ["7.0.1", ["npm"]],
    ] as const) {
      rmSync(join(root, "node_modules/.operate-installed"), { force: true });
      rmSync(join(root, "calls"), { force: true });
      writeFileSync(join(root, "package-lock.json"), locked("7.0.0"));
      writeFileSync(join(root, "node_modules/.package-lock.json"), installed(version));
      await bootstrap(["start"]);
      expect(calls().filter((name) => name === "npm")).toEqual(names);
    }
  });

  it("installs once when started twice at the same time", async () => {
    const both = await Promise.all([bootstrap(["start"]), bootstrap(["start"])]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(calls()).toEqual(["npm", "prisma", "next"]);
  });

  it("says in words why an install failed, and tries again the next time", async () => {
    const failed = await bootstrap(["start"], { BREAK_INSTALL: "1" });
    expect(failed.exitCode).toBe(1);
    expect(failed.shown).toContain("Installing the dependencies failed. The npm registry cannot be reached.");
    calls();
    expect((await bootstrap(["start"])).exitCode).toBe(0);
    expect(calls()[0]).toBe("npm");
  });

  it("shows a broken build without a stack trace, and builds again the next time", async () => {
    const failed = await bootstrap(["start"], { BREAK_BUILD: "1" });
    expect(failed.exitCode).toBe(1);
    expect(failed.shown).toContain("Building the console failed. It ended with:\n  Type error: no such page\n");
    expect(failed.shown).not.toMatch(/^\s+at /m);
    expect((await bootstrap(["start"])).exitCode).toBe(0);
  });

  it("has free memory returned to the machine, as the environment says if it does", async () => {
    writeFileSync(join(root, "server/start.ts"), "console.log(process.env.MALLOC_TRIM_THRESHOLD_);");
    expect((await bootstrap(["start"])).shown).toMatch(/\n131072\n$/);
    expect((await bootstrap(["start"], { MALLOC_TRIM_THRESHOLD_: "1" })).shown).toBe("1\n");
  });

  it("starts without a cache of compiled code where none can be written", async () => {
    const { exitCode, shown } = await bootstrap(["start"], { NODE_COMPILE_CACHE: join(root, "package.json", "cache") });
    expect([exitCode, shown]).toEqual([0, expect.stringContaining("started")]);
  });

  it("ends with the exit code of what it started", async () => {
    expect((await bootstrap(["start"], { EXIT: "7" })).exitCode).toBe(7);
  });

  it("names the commands there are", async () => {
    expect(await bootstrap(["begin"])).toMatchObject({
      exitCode: 2,
      shown: expect.stringContaining("Known: start, operate:dev, test"),
    });
  });
});

describe("takeLock", () => {
  it("is held by one process, let go, and taken over from a dead one", () => {
    const file = join(root, "x.lock");
    const lock = takeLock(file);
    expect(takeLock(file)).toEqual({ holderPid: process.pid });
    if ("release" in lock) lock.release();
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, "4194304 1"); // above the highest process number
    expect(takeLock(file)).toHaveProperty("release");
    expect(readFileSync(file, "utf8")).toMatch(new RegExp(`^${process.pid}\\b`));
  });

  it("does not take another process with the same number for the holder", () => {
    const file = join(root, "x.lock");
    writeFileSync(file, `${process.ppid} 1`);
    expect(takeLock(file)).toHaveProperty("release");
  });

  it("is not held in a copy of its directory, and in a renamed one still is", () => {
    const [dir, copy, moved] = ["a", "b", "c"].map((name) => join(root, name)) as [string, string, string];
    mkdirSync(dir);
    takeLock(join(dir, "x.lock"));
    cpSync(dir, copy, { recursive: true });
    renameSync(dir, moved);
    expect(takeLock(join(moved, "x.lock"))).toEqual({ holderPid: process.pid });
    expect(takeLock(join(copy, "x.lock"))).toHaveProperty("release");
  });

  it.each([
    ["on another machine", "green/other-boot/pid:[1]", true],
    ["in another container of this machine", currentPlace().replace(/[^/]*$/, "pid:[1]"), true],
    ["on this machine before it was started again", currentPlace().replace(/\/.*\//, "/other-boot/"), false],
  ])("taken %s is judged by whether its signs of life change, not by their time", (_where, place, counts) => {
    vi.useFakeTimers();
    try {
      for (const [name, beatAt] of [
        ["behind", 1],
        ["ahead", Date.now() / 1_000 + 86_400],
      ] as const) {
        const file = join(root, `${name}.lock`);
        writeFileSync(file, `${process.pid} 1 0:0 ${place}`);
        utimesSync(file, beatAt, beatAt);
        const first = takeLock(file);
        if (!counts) {
          expect(first).toHaveProperty("release");
          continue;
        }
        const holderPid = process.pid;
        expect(first).toMatchObject({ holderPid, elsewhere: { alive: true, beats: false } });
        vi.advanceTimersByTime(SILENT_MS - 1_000);
        utimesSync(file, beatAt + 5, beatAt + 5);
        expect(takeLock(file)).toMatchObject({ holderPid, elsewhere: { beats: true } });
        vi.advanceTimersByTime(SILENT_MS - 1_000);
        expect(takeLock(file)).toMatchObject({ holderPid });
        vi.advanceTimersByTime(1_000);
        expect(takeLock(file)).toHaveProperty("release");
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    [
      "names somebody else",
      (file: string) => writeFileSync(file, "1 1 0:0 green/other-boot/pid:[1]"),
      "names process 1 on host green",
    ],
    ["is removed", (file: string) => rmSync(file), "was removed"],
  ])("is lost when it %s, and then neither beats nor is removed", async (_what, take, why) => {
    const file = join(root, "taken.lock");
    rmSync(file, { force: true });
    const lock = takeLock(file, { beatMs: 20 });
    if (!("release" in lock)) throw new Error("not taken");
    expect(lock.isHeld()).toBe(true);
    take(file);
    const found = lstatSync(file, { throwIfNoEntry: false })?.mtimeMs;
    await expect.poll(() => lock.lost.aborted).toBe(true);
    expect(lock.lost.reason).toContain(why);
    expect(lock.isHeld()).toBe(false);
    lock.release();
    expect(lstatSync(file, { throwIfNoEntry: false })?.mtimeMs).toBe(found);
  });

  it.each([false, true])(
    "of a process that was paused is lost only when another took it meanwhile: %s",
    async (taken) => {
      const file = join(root, `paused-${taken}.lock`);
      const script = `import { takeLock } from ${JSON.stringify(join(import.meta.dirname, "file-lock.mjs"))};
      const lock = takeLock(${JSON.stringify(file)}, { beatMs: 50, silentMs: 500 });
      process.on("SIGUSR2", () => { console.log("looked", lock.isHeld(), lock.lost.reason ?? ""); process.exit(); });
      console.log("held");
      setInterval(() => {}, 1_000);`;
      const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let said = "";
      holder.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        said += chunk;
      });
      await expect.poll(() => said).toContain("held");
      const beats = () => lstatSync(file).mtimeMs;
      holder.kill("SIGSTOP");
      await delay(100); // it stands still now
      const before = beats();
      if (taken) writeFileSync(file, "1 1 0:0 green/other-boot/pid:[1]");
      else await delay(1_000);
      holder.kill("SIGCONT");
      if (!taken) await expect.poll(beats).toBeGreaterThan(before);
      holder.kill("SIGUSR2");
      await expect
        .poll(() => said)
        .toContain(taken ? `looked false ${file} names process 1 on host green` : "looked true");
    },
  );

  it("shows signs of life while it is held", () => {
    vi.useFakeTimers();
    try {
      const file = join(root, "x.lock");
      rmSync(file, { force: true });
      const lock = takeLock(file);
      utimesSync(file, 1, 1);
      vi.advanceTimersByTime(BEAT_MS);
      expect(Date.now() - statSync(file).mtimeMs).toBeLessThan(60_000);
      if ("release" in lock) lock.release();
    } finally {
      vi.useRealTimers();
    }
  });
});
