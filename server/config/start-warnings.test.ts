import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, it } from "vitest";
import { loadConfig } from "./load.ts";
import { startWarnings } from "./start-warnings.ts";

const dir = mkdtempSync(join(tmpdir(), "operate-warnings-"));
afterAll(() => rmSync(dir, { recursive: true }));
mkdirSync(join(dir, "app"));
writeFileSync(join(dir, "app", "run"), "#!/bin/sh\n", { mode: 0o755 });
writeFileSync(join(dir, "app", "text"), "no program\n", { mode: 0o644 });
const ENV = { NODE_ENV: "test", PATH: `/nowhere:${join(dir, "app")}` } as const;

const fileOf = (...locals: object[]): string => {
  const services = locals.map((local, i) => ({
    name: `s${i}`,
    local: { versions: [{ version: "1" }], ...local },
    environments: { production: { initialVersion: "1", ...("env" in local && { env: local.env }) } },
  }));
  for (const { local } of services) if ("env" in local) delete local.env;
  const file = join(dir, "operate.config.yaml");
  writeFileSync(file, JSON.stringify({ services }));
  return file;
};
const warnings = (...locals: object[]) => startWarnings(loadConfig(fileOf(...locals), ENV), ENV);

it.each([
  ["a folder beside the file", { command: ["./run"], cwd: "app" }],
  ["no folder", { command: ["app/run"] }],
  ["a program along PATH", { command: ["run"] }],
  ["Node, which every instance finds", { command: ["node", "x.js"] }],
  ["a program of each version", { command: ["./{version}/run"] }],
  ["a PATH of its own", { command: ["other"], env: { PATH: "/elsewhere" } }],
])("takes %s as it is", (_, local) => {
  expect(warnings(local)).toEqual([]);
});

it.each([
  ["a folder that is not there", { command: ["node"], cwd: "gone" }, `cwd: there is no folder ${join(dir, "gone")}`],
  ["a file as folder", { command: ["node"], cwd: "app/run" }, `cwd: there is no folder ${join(dir, "app/run")}`],
  ["no such program", { command: ["nosuchcmd"] }, "command: no program nosuchcmd is found along PATH"],
  ["no such file", { command: ["./gone"], cwd: "app" }, `command: there is no program ${join(dir, "app/gone")}`],
  ["a file that is no program", { command: ["app/text"] }, `command: there is no program ${join(dir, "app/text")}`],
  ["a folder as program", { command: ["./app"] }, `command: there is no program ${join(dir, "app")}`],
])("warns of %s", (_, local, warning) => {
  expect(warnings({ command: ["node"] }, local)).toEqual([`services[1].local.${warning}`]);
});

it("looks at no folder that it may not, and starts all the same", () => {
  symlinkSync("loop", join(dir, "loop"));
  const long = "canary".repeat(60);
  const text = JSON.stringify({
    services: ["${env:WORK_DIR}", "loop/x"].map((cwd, i) => ({
      ...{ name: `s${i}`, local: { command: ["node"], cwd, versions: [{ version: "1" }] } },
      environments: { production: { initialVersion: "1" } },
    })),
  });
  writeFileSync(join(dir, "operate.config.yaml"), text);
  const loaded = loadConfig(join(dir, "operate.config.yaml"), { ...ENV, WORK_DIR: long });
  expect(startWarnings(loaded, ENV)).toEqual([
    `services[0].local.cwd: the folder ${join(dir, "${env:WORK_DIR}")} cannot be entered (ENAMETOOLONG)`,
    `services[1].local.cwd: the folder ${join(dir, "loop/x")} cannot be entered (ELOOP)`,
  ]);
});

it("names twenty, and says how many more there are", () => {
  const all = warnings(...Array.from({ length: 23 }, () => ({ command: ["nosuchcmd"] })));
  expect([all.length, all.at(-1)]).toEqual([21, "and 3 more services that cannot start"]);
});

it("npm run config:check says so, and that the file is valid all the same", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["scripts/config-check.ts", fileOf({ command: ["nosuchcmd"] })],
    { cwd: resolve(import.meta.dirname, "../.."), encoding: "utf8" },
  );
  expect([status, stdout.trim().endsWith("is valid: 1 service.")]).toEqual([0, true]);
  expect(stderr).toBe("Warning: services[0].local.command: no program nosuchcmd is found along PATH\n");
});
