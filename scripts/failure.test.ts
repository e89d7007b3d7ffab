import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "operate-failure-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(script: string, args: string[], env: Record<string, string>) {
  return new Promise<{ exitCode: number | null; told: string }>((resolve) => {
    const child = spawn(process.execPath, [`scripts/${script}.ts`, ...args], {
      cwd: ROOT,
      env: { ...process.env, DATABASE_URL: "", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      told += chunk;
    });
    child.once("close", (exitCode) => resolve({ exitCode, told }));
  });
}

const GONE = join(folder, "gone");
it.each([
  ["grafana-export", [], { OPERATE_CONFIG: `${GONE}.yaml` }, /^The configuration \S+gone\.yaml cannot be read\. Set/],
  ["grafana-export", [join(GONE, "a.json")], {}, /^There is no such file or folder: \S+a\.json \(ENOENT\)\.$/],
  ["grafana-export", [folder], {}, /^This is a folder; name a file: \S+ \(EISDIR\)\.$/],
  ["reset-password", ["ada@example.com"], { OPERATE_DATA_DIR: GONE }, /^There is no Operate in \S+gone: it has no/],
  ["reset-password", ["a,b@example.com"], { OPERATE_DATA_DIR: GONE }, /^Give the e-mail address of the account/],
  [
    "reset-password",
    ["ada@example.com"],
    { DATABASE_URL: "postgresql://ops:canary-word@127.0.0.1:1/operate" },
    /^(?!.*canary)[^\n]+$/,
  ],
])("%s %j says in one line what is wrong, and makes nothing", async (script, args, env, message) => {
  const { exitCode, told } = await run(script, args, env);
  expect(told.trim()).toMatch(message);
  expect(told.trim().split("\n")).toHaveLength(1);
  expect(exitCode).toBe(1);
  expect(existsSync(GONE)).toBe(false);
});
