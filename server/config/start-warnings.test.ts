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
const ENV = { NODE_ENV: "test", PATH: `/nowhere:${join(dir, "app")}:/bin` } as const;

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
  ["Node, which every instance finds", { command: ["node", "--enable-source-maps", "x.js"] }],
  ["a script of each version", { command: ["node", "{version}/x.js"] }],
  ["what is not a file by its name", { command: ["sh", "x"] }],
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
  [
    "a script that is not there",
    { command: ["node", "gone.mjs", "--port"] },
    `command: there is no file ${join(dir, "gone.mjs")}`,
  ],
  ["a folder as program", { command: ["./app"] }, `command: there is no program ${join(dir, "app")}`],
])("warns of %s", (_, local, warning) => {
  expect(warnings({ command: ["node"] }, local)).toEqual([`services[1].local.${warning}`]);
});

it.each([
  ["node", "{version}", "--at=${env:NODE_ENV}"],
  ["sh", "-c", "exec run --port ${PORT} $SERVICE_NAME"],
  ["node", "--price=5$", "--re=^a{2}$", "{name}"],
])("takes the command %s %s %s as it is", (...command) => {
  expect(warnings({ command, env: { URL: "${url:s0}/{id}", COST: "$5", PASSWORD: "a$PORT" } })).toEqual([]);
});

const SHELL = "a variable in it is passed on as it is written, because no shell starts the command";
const HAS_PORT = "each instance has PORT in its environment, where the program can read it";
it.each([
  [{ command: ["node", "--port=$PORT"] }, `local.command[1]: ${SHELL}; ${HAS_PORT}`],
  [
    { command: ["node", "--password=${S3CRET}"] },
    `local.command[1]: ${SHELL}; \${env:NAME} is what stands for a variable of Operate's own environment`,
  ],
  [{ command: ["node", "--port", "{Port}"] }, `local.command[2]: {port} is not replaced here; ${HAS_PORT}`],
  [
    { command: ["node"], env: { TAG: "v{version}" } },
    "environments.production.env.TAG: {version} is not replaced here; each instance has SERVICE_VERSION in its environment, where the program can read it",
  ],
  [
    { command: ["node"], env: { ADDRESS: "http://localhost:${PORT}" } },
    `environments.production.env.ADDRESS: a variable in it is passed on as it is written; ${HAS_PORT}`,
  ],
])("says what is not replaced in %j", (local, warning) => {
  expect(warnings(local)).toEqual([`services[0].${warning}`]);
});

it("says which keys have no effect yet, where they are set", () => {
  const file = join(dir, "operate.config.yaml");
  const warningsOf = (config: object) => {
    writeFileSync(file, JSON.stringify(config));
    return startWarnings(loadConfig(file, ENV), ENV);
  };
  const channels = [{ type: "slack", endpoint: "https://chat.example/hook", severity: "high" }];
  const given = {
    alertingConfig: { channels, thresholds: [], resolveOnRecovery: false },
    scalingConfig: { maxInstances: 20, minInstances: 1 },
    sloConfig: { availability: 99.5, latencyP95Ms: 250 },
    chaosConfig: { enabled: true },
  };
  const unused = [
    "alertingConfig.channels",
    "sloConfig.availability",
    "scalingConfig.maxInstances",
    "scalingConfig.minInstances",
    "chaosConfig.enabled",
  ];
  expect(warningsOf(given)).toEqual(unused.map((key) => `${key}: is checked, and has no effect yet`));
  // also where what is written is the default
  expect(warningsOf({ costConfig: { budgetLimit: 0 }, sloConfig: { evaluationWindow: "30d" } })).toEqual([
    "sloConfig.evaluationWindow: is checked, and has no effect yet",
    "costConfig.budgetLimit: is checked, and has no effect yet",
  ]);
  expect(warningsOf({ alertingConfig: { resolveOnRecovery: true } })).toEqual([]);
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
