import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { expect, it } from "vitest";
import { checkConfig } from "#server/config/load.ts";
import { processesFor } from "#server/start/processes.ts";
import { linkOnly, PROCESS_FILES } from "./server-code.mjs";

const ROOT = resolve(import.meta.dirname, "../..");

it("knows every process that Operate keeps running", () => {
  const checked = checkConfig(readFileSync(join(ROOT, "examples/shop/operate.config.yaml"), "utf8"), process.env);
  if (!checked.ok) throw new Error("not a configuration");
  const files = processesFor(checked.config, ROOT, true).map(({ file }) => relative(ROOT, file));
  expect([...PROCESS_FILES].sort()).toEqual(["server/start.ts", ...files].sort());
});

it("makes a process do without the stripper of types, and runs nothing", () => {
  const cache = mkdtempSync(join(tmpdir(), "operate-server-code-"));
  const file = "server/start/processes.ts";
  const node = (code: string) =>
    execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
      encoding: "utf8",
    });
  const loadsStripper = `await import(${JSON.stringify(join(ROOT, file))});
    console.log(process.moduleLoadList.some((name) => name.includes("amaro")))`;
  try {
    expect(node(`${linkOnly([file])}\nconsole.log("ran");`)).toBe("");
    expect(node(loadsStripper)).toBe("false\n");
    rmSync(cache, { recursive: true });
    expect(node(loadsStripper)).toBe("true\n");
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});
