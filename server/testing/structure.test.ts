import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** What the texts of the sources tell, without running them: a stage of `npm run verify`. */

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDERS = ["app", "bench", "components", "e2e", "examples", "mcp", "prisma/schema", "scripts", "server"];
const IGNORED = /^server\/db\/generated\//;

const sources = FOLDERS.filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  )
  .filter((path) => /\.(ts|tsx|mjs|mts|cjs|css|prisma|yaml)$/.test(path) && !IGNORED.test(path));
const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** modules, without their tests: what somebody looks through to find a file */
const MOST_IN_A_FOLDER = 25;
const modules = sources.filter(
  (path) => /\.(ts|tsx|mjs)$/.test(path) && !/\.(test|spec)\.tsx?$|\.d\.[mc]?ts$/.test(path),
);

describe("folders", () => {
  it(`hold at most ${MOST_IN_A_FOLDER} modules`, () => {
    const counts = Map.groupBy(modules, (path) => dirname(path));
    const full = [...counts].filter(([, paths]) => paths.length > MOST_IN_A_FOLDER);
    expect(full.map(([folder, { length }]) => `${folder}: ${length}`)).toEqual([]);
  });

  it("of a capability hold no two files of one name", () => {
    const named = modules.filter((path) => /^server\/agent\/[^/]+\/./.test(path) && basename(path) !== "index.ts");
    const same = Map.groupBy(named, (path) => `${path.split("/")[2]}: ${basename(path)}`);
    expect([...same].filter(([, paths]) => paths.length > 1).map(([name]) => name)).toEqual([]);
  });
});

describe("sources", () => {
  it("keep to the size at which a second thing hides in them: 400 lines, 600 for tests", () => {
    const sizes = sources.map((path) => ({ path, lines: textOf(path).split("\n").length - 1 }));
    const big = sizes.filter(({ path, lines }) => lines > (/\.(test|spec)\.tsx?$/.test(path) ? 600 : 400));
    expect(big).toEqual([]);
  });

  it("measure how long something takes by the monotonic clock", () => {
    const byWallClock =
      /Date\.now\(\) [+<>]|(?<!=)[<>]=? Date\.now\(\)|Date\.now\(\) - \w*(?:At|Ms|[sS]tart\w*|[bB]ega?n)\b|(?:[uU]ntil|[dD]eadline|[dD]ue)\w* = Date\.now/;
    const products = sources.filter((path) => /^(?:app|mcp|server)\//.test(path) && !/testing\/|\.test\./.test(path));
    expect(products.filter((path) => byWallClock.test(textOf(path)))).toEqual([]);
  });

  it("of the core know no transport: who reads is a budget, and the channel is for the record", () => {
    const compares = (text: string): boolean =>
      /\bvia\b\)?\s*(?:[=!]==?|\bin\b)|[=!]==?\s*(?:\w+\??\.)*via\b|\bswitch \([^)]*\bvia\)|\[[^\]\n:]*\.via\]/.test(
        text,
      );
    const forms = ['ctx.via === "mcp"', '"mcp" !== ctx.via', "switch (ctx.via)", "BUDGETS[ctx.via]", 'via != "web"'];
    expect(forms.filter((form) => !compares(form))).toEqual([]);
    expect(compares("audit({ actor, via, at }); row = { via: row.via }; via: z.string(),")).toBe(false);
    const core = sources.filter((path) => path.startsWith("server/agent/") && !path.includes(".test."));
    expect(core.length).toBeGreaterThan(300);
    expect(core.filter((path) => compares(textOf(path)))).toEqual([]);
  });

  it("say how a state looks in one place alone", () => {
    const table = /Record<[^;={]*\bMarkTone>|Record<[^;={]*\{[^}]*\btone: (?:Mark)?Tone\b/;
    const elsewhere = sources.filter((path) => path.startsWith("components/") && table.test(textOf(path))).sort();
    // with deployment-states.ts, whose tables are of whole looks, three: a page loads what it shows
    expect(elsewhere).toEqual(["components/marks/states.ts", "components/marks/telemetry-states.ts"]);
  });

  it("define the columns of a table in <area>/<thing>-columns.tsx", () => {
    const defines = (text: string): boolean => /\bColumn<[^<>]*(?:<[^<>]*>)?[^<>]*>\[\]/.test(text);
    expect(defines("export const X: readonly Column<Row>[] = []; satisfies Column<TargetRow<View>>[]")).toBe(true);
    expect(defines("columns: readonly Column<Row>; columns={COLUMNS}")).toBe(false);
    const tables = sources.filter(
      (path) =>
        /^components\/(?!data-table\/).*\.tsx?$/.test(path) && !path.includes(".test.") && defines(textOf(path)),
    );
    expect(tables.length).toBeGreaterThan(10);
    expect(tables.filter((path) => !path.endsWith("-columns.tsx"))).toEqual([]);
  });

  it("name an environment by the looks of components/marks/environment.tsx", () => {
    const looks = sources.filter((path) => path.startsWith("components/") && /\btext-production\b/.test(textOf(path)));
    expect(looks).toEqual(["components/marks/environment.tsx"]);
  });

  it("act in a dialog by the one button that names the environment", () => {
    const dialogs = sources.filter(
      (path) => /^components\/(?!.*\.test\.)/.test(path) && /<(?:DialogActions>|DialogForm\b)/.test(textOf(path)),
    );
    expect(dialogs.length).toBeGreaterThan(10);
    const acts = (text: string): boolean =>
      /<(?:B|b)utton\b[^<]*?type="submit"/.test(text) ||
      /\bother=\{[^<]*<Button\b[^<]*?\bmutate/.test(text) ||
      [...text.matchAll(/<DialogActions>.*?<\/DialogActions>/gs)].some(([row]) => /<Button\b[^<]*?\bmutate/.test(row));
    expect(acts("<DialogActions><Button onClick={() => lock.mutate({})}>Lock</Button></DialogActions>")).toBe(true);
    expect(acts("<DialogForm other={<Button onClick={() => lock.mutate({})}>Lock</Button>}>")).toBe(true);
    expect(textOf("components/feedback/dialog-form.tsx")).toContain("<ActButton ");
    // chooses what is shown
    const [shows] = ["components/time-range/custom-range-dialog.tsx"];
    expect(dialogs.filter((path) => path !== shows && acts(textOf(path)))).toEqual([]);
  });

  it("leave it to performWrite to record what a write did", () => {
    const recorders = sources.filter((path) => !path.includes(".test.") && /\baudit\.record\(/.test(textOf(path)));
    expect(recorders.sort()).toEqual([
      "server/agent/deploy/record/record.ts", // what the procedure itself did
      "server/agent/deploy/request/rollback.ts", // that Operate starts by itself
      "server/agent/incidents/automatic.ts",
      "server/agent/kernel/perform.ts",
      "server/agent/settings/view-config.ts", // reads on record
      "server/auth/first-admin.ts", // nobody is signed in yet
      "server/auth/sign-in/sign-in-hooks.ts",
      "server/auth/users/reset-locally.ts", // by who holds the machine
      "server/routers/refused-writes.ts",
    ]);
  });

  it("refuse a name that does not exist by the one refusal there is", () => {
    const byHand =
      /`There is no (?:service|environment|version|instance|deployment|incident|pattern|health check) \$\{|Known: \$\{/;
    const products = sources.filter((path) => /^(?:app|mcp|server)\//.test(path) && !/testing\/|\.test\./.test(path));
    expect(products.filter((path) => byHand.test(textOf(path)))).toEqual([]);
    expect(products.filter((path) => /\bunknownName\(/.test(textOf(path))).length).toBeGreaterThan(8);
  });

  it("of the core ask the catalog for services: none reads them, or what one platform needs, from the configuration", () => {
    const reads = (text: string): boolean =>
      /\bconfig\.services\b|\{[^{}=;]*\bservices\b[^{}=;]*\}(?:: [^=;,)]*)? = (?:\w+\.)*config\b|\{[^{}=;]*\bservices\b[^{}=;]*\}: (?:OperateAgentConfig|\w+\["config"\])|\??\.local\b|\{[^{}=;]*\blocal\b[^{}=;]*\} = /.test(
        text,
      );
    const forms = [
      "ctx.config.services.map(f)",
      "const { services, deploymentConfig } = ctx.config;",
      "({ services }: OperateAgentConfig) => services",
      '({ services }: AgentContext["config"]) => services',
      "service.local.versions",
      "service?.local",
      "const { local } = service;",
    ];
    expect(forms.filter((form) => !reads(form))).toEqual([]);
    expect(reads("const { services } = await viewPlatform(ctx); catalogOf(config).services;")).toBe(false);
    const others = sources.filter(
      (path) =>
        /^server\/(?:agent|routers)\//.test(path) &&
        !/\.test\.|^server\/agent\/(?:catalog\/|config[\w-]*\.ts|[a-z]+\/config\.ts)/.test(path),
    );
    expect(others.length).toBeGreaterThan(300);
    expect(others.filter((path) => reads(textOf(path)))).toEqual([]);
  });

  it("hold nothing unfinished, and no test that waits instead of watching", () => {
    const words = ["TO" + "DO", "FIX" + "ME", "X".repeat(3), "@ts-" + "ignore", "waitFor" + "Timeout("];
    const found = sources.flatMap((path) => {
      const text = textOf(path);
      return words
        .filter((word) => new RegExp(`(?<!\\w)${word.replace("(", "\\(")}`).test(text))
        .map((word) => `${path}: ${word}`);
    });
    expect(found).toEqual([]);
  });
});

describe("the lockfile", () => {
  it("names no host, so that any registry serves", () => {
    expect(readFileSync(join(ROOT, "package-lock.json"), "utf8")).not.toContain('"resolved"');
  });
});

describe("the README", () => {
  const readme = textOf("README.md");
  const top = "(?:app|bench|components|docs|e2e|examples|mcp|prisma|scripts|server|\\.ci)";
  const named = [
    ...[...readme.matchAll(new RegExp(`\`(${top}/[^\`\\s]*)\``, "g"))].map(([, path]) => path),
    ...[...readme.matchAll(/\]\((?!https?:|#|mailto:)([^)\s#]+)/g)].map(([, path]) => path),
  ].filter((path) => path !== undefined && !/[<>*{}…]/.test(path));

  it("names only paths that exist", () => {
    expect(named.filter((path) => !existsSync(join(ROOT, path ?? "")))).toEqual([]);
  });

  it("names only npm scripts that exist", () => {
    const { scripts } = JSON.parse(textOf("package.json"));
    const run = [...readme.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name);
    expect(run.filter((name) => !(String(name) in scripts))).toEqual([]);
    expect(readme).toMatch(/npm start[\s\S]*npm test|npm test[\s\S]*npm start/);
  });
});
