import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Each skeleton is written into a copy of the project, which then has to pass what a person would run there. */

const ROOT = resolve(import.meta.dirname, "../..");
const LEFT_OUT = new Set(["node_modules", ".git", ".next", ".operate", "test-results", "tsconfig.tsbuildinfo"]);
const copy = mkdtempSync(join(tmpdir(), "operate-skeleton-"));

const run = (...args: string[]) =>
  new Promise<{ status: unknown; output: string }>((resolve) => {
    const options = { cwd: copy, encoding: "utf8", maxBuffer: 2 ** 26 } as const;
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, output: `${stdout}${stderr}` }),
    );
  });
const passes = { status: 0, output: expect.any(String) };

beforeAll(() => {
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
}, 60_000);
afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe("a skeleton", () => {
  it("of a capability is on every list, that of an integration in its port's", async () => {
    expect(await run("scripts/new-capability.ts", "demo")).toEqual(passes);
    expect(await run("scripts/new-integration.ts", "log-source", "lines")).toEqual(passes);
    expect(await run("scripts/new-integration.ts", "trace-source", "spans")).toEqual(passes);
    const text = (path: string) => readFileSync(join(copy, path), "utf8");
    expect(text("components/areas.ts")).toContain("  demo,\n");
    expect(text("server/routers/index.ts")).toContain("demo: demoRouter,");
    expect(text("server/agent/timeline/schema.ts")).toContain('"demo.noted"');
    expect(text("server/container/sources.ts")).toContain("  lines: createLinesSource,\n");
    expect(existsSync(join(copy, "app/(console)/demo/page.tsx"))).toBe(true);
  }, 120_000);

  it.each([
    ["types", "node_modules/typescript/bin/tsc", "--noEmit", "--pretty", "false"],
    ["lint", "node_modules/@biomejs/biome/bin/biome", "ci", "--colors=off", "--error-on-warnings"],
    [
      ...["boundaries", "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs"],
      ...["--config", ".dependency-cruiser.cjs", "--output-type", "err", "server", "components", "app", "mcp"],
    ],
    ["dead code", "node_modules/knip/bin/knip.js", "--no-progress", "--no-config-hints"],
    [
      ...["tests", "node_modules/vitest/vitest.mjs", "run", "--maxWorkers=1", "server/agent/demo"],
      ...["server/integrations/lines", "server/integrations/spans", "components/areas.test.ts", "mcp/tools.test.ts"],
      ...["server/testing/capabilities.test.ts", "server/testing/structure.test.ts"],
      ...["server/testing/architecture.test.ts", "server/routers/unknown-names.test.ts"],
    ],
  ])("passes %s", async (...[, ...args]) => expect(await run(...args)).toEqual(passes), 300_000);

  it("is not written twice, nor over what is there, nor under a name that cannot be", async () => {
    // of what there is: a folder, a permission, a page of another group; of what cannot be: words of language and tRPC
    const names = ["demo", "health", "incident", "deployment", "setup", "class", "then", "De mo", "../x", ""];
    const refusals = await Promise.all(names.map((name) => run("scripts/new-capability.ts", name)));
    expect(refusals.map(({ status }) => status)).toEqual(names.map(() => 2));
    expect(refusals[0]?.output).toContain("taken by the capability demo");
    for (const words of [
      ["log-source", "loki"],
      ["log-source", "balancer"],
      ["spans", "trace-source"],
    ])
      expect(await run("scripts/new-integration.ts", ...words), words.join(" ")).toMatchObject({ status: 2 });
    const metrics = await run("scripts/new-integration.ts", "metrics-source", "more");
    expect(metrics).toMatchObject({ status: 2, output: expect.stringContaining("monitoringConfig.metricsEndpoint") });
  }, 60_000);

  it("that cannot be written leaves everything as it was", async () => {
    const list = join(copy, "components/areas.ts");
    const [text, pages] = [readFileSync(list, "utf8"), readFileSync(join(copy, "e2e/fixtures/pages.ts"), "utf8")];
    writeFileSync(list, text.replace("  audit,\n", ""));
    const { status, output } = await run("scripts/new-capability.ts", "costs");
    expect([status, output]).toEqual([1, expect.stringContaining("everything is as it was")]);
    expect(output).toContain("components/areas.ts has no `audit,`");
    expect(existsSync(join(copy, "server/agent/costs/capability.ts"))).toBe(false);
    expect(readFileSync(join(copy, "e2e/fixtures/pages.ts"), "utf8")).toBe(pages);
    writeFileSync(list, text);
  }, 60_000);
});
