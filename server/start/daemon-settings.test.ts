import { expect, it, vi } from "vitest";
import { daemonSettings } from "./operate.ts";
import { readOptions } from "./options.ts";
import { environmentOf } from "./processes.ts";

const text = `services:
  - name: web
    environments: { staging: { env: { KEY: "\${secret:pay-key}", HOST: "\${env:PAY_HOST}" } } }
`;
const settings = (variables: Record<string, string>, ingestSecret = "opi_1") =>
  daemonSettings(
    { file: "operate.config.yaml", text },
    { host: "127.0.0.1", port: 4310 },
    { ingestSecret, valuesKey: "key", env: { NODE_ENV: "test", ...variables } },
  );

it("differ once a variable that the configuration refers to has another value, and hold none", () => {
  const given = { OPERATE_SECRET_PAY_KEY: "hush-1", PAY_HOST: "a.example" };
  const before = settings(given);
  expect(settings({ ...given, OTHER: "x" })).toBe(before);
  for (const change of [{ OPERATE_SECRET_PAY_KEY: "hush-2" }, { PAY_HOST: "b.example" }, { PAY_HOST: "" }])
    expect(settings({ ...given, ...change })).not.toBe(before);
  expect(settings({ OPERATE_SECRET_PAY_KEY: "hush-1" })).not.toBe(settings({ ...given, PAY_HOST: "" }));
  expect(before).not.toMatch(/hush|a\.example/);
});

it("hash the values with the installation's own key", () => {
  const hash = (ingestSecret: string) => JSON.parse(settings({ PAY_HOST: "a" }, ingestSecret)).at(-1);
  expect(hash("opi_1")).toMatch(/^[0-9a-f]{64}$/);
  expect(hash("opi_2")).not.toBe(hash("opi_1"));
});

it("come with the key to what instances were started with, for the processes that show what instances say", () => {
  vi.stubEnv("OPERATE_VALUES_KEY", "of somebody's shell");
  const options = readOptions([], { NODE_ENV: "test" }, "/");
  const handed = { databaseUrl: "", authSecret: "a", ingestSecret: "i", appliedConfig: "", setupToken: null };
  const given = ["daemon", "collector", "worker", "web", "traffic"].map(
    (name) => environmentOf(name, options, { ...handed, valuesKey: "v" }).OPERATE_VALUES_KEY,
  );
  expect(given).toEqual(["v", "v", "v", "v", undefined]);
});
