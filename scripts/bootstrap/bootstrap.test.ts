import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeLock } from "./file-lock.mjs";

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
  mkdirSync(join(root, "server"));
  mkdirSync(join(root, "app"));
  const files = {
    "package.json": '{"dependencies":{"prisma":"7.0.0"}}',
    "package-lock.json": "{}",
    "prisma/schema/base.prisma": "model A {}",
    "app/page.tsx": "page",
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
});
