import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { ServiceSchema } from "./config-services.ts";
import { HookSchema } from "./deploy/config.ts";

const service = (command: string[], env: Record<string, string> = {}) =>
  ServiceSchema.safeParse({
    name: "web",
    local: { command, versions: [{ version: "1" }] },
    environments: { staging: { initialVersion: "1", env } },
  });
const hook = (command: string[], env: Record<string, string> = {}) =>
  HookSchema.safeParse({ name: "smoke", type: "command", command, env });
const variables = (count: number, bytes: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`V${i}`, "x".repeat(bytes)]));

const E2BIG = { code: "E2BIG" };
type Case = [string, string[], Record<string, string>, RegExp | null];
const cases: Case[] = [
  ["the longest variable", ["true"], { A: "x".repeat(131_069) }, null],
  ["one byte more", ["true"], { A: "x".repeat(131_070) }, /a variable with its name, may have 128 KiB/],
  ["as many characters of two bytes", ["true"], { A: "é".repeat(65_535) }, /may have 128 KiB/],
  ["the longest argument", ["true", "x".repeat(131_071)], {}, null],
  ["a longer one", ["true", "x".repeat(131_072)], {}, /an argument, .* may have 128 KiB/],
  ["the most in all", ["true"], variables(7, 131_000), null],
  ["more in all", ["true"], variables(8, 131_000), /together have 1024 KiB, and a process may be given 960 KiB/],
  ["very many small ones", ["true"], variables(12_000, 80), /a process may be given 960 KiB/],
  ["a zero byte in a variable", ["true"], { A: "a\0b" }, /a zero byte cannot be given/],
  [
    "a zero byte in a name",
    ["true"],
    { "A\0": "b" },
    /a variable needs a name, without an equals sign and a zero byte/,
  ],
  ["a zero byte in an argument", ["true", "a\0b"], {}, /a zero byte cannot be given/],
];

it.each(cases)("says of %s what starting it says", (_name, command, env, refused) => {
  for (const { success, error } of [service(command, env), hook(command, env)]) {
    if (refused === null) expect(error?.issues).toBeUndefined();
    else expect(success ? "passed" : error?.message).toMatch(refused);
  }
  const [file = "", ...args] = command;
  const start = () => spawnSync(file, args, { env: env as NodeJS.ProcessEnv });
  if (refused === null) expect(start().status).toBe(0);
  else if (process.platform === "linux" && String(refused).includes("128")) expect(start().error).toMatchObject(E2BIG);
});

it("counts what stands in place of {version} and of a service's URL", () => {
  expect(service(["true", `{version}${"x".repeat(131_062)}`]).success).toBe(false);
  expect(service(["true"], { A: `\${url:a}${"x".repeat(131_061)}` }).success).toBe(false);
});

it("names no value", () => {
  const secret = `secret${"x".repeat(140_000)}`;
  expect(JSON.stringify(service(["true", secret], { A: secret }).error?.issues)).not.toContain("secret");
});
