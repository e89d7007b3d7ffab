import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PERMISSIONS, type Permission, ROLE_PERMISSIONS } from "../agent/kernel/permissions.ts";
import { appRouter, createCaller } from "../routers/index.ts";
import type { Meta } from "../routers/trpc.ts";
import { actor, testContext } from "./context.ts";
import { useDatabase } from "./database.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDERS = ["app", "bench", "components", "e2e", "examples", "mcp", "prisma/schema", "scripts", "server"];
const IGNORED = /^server\/db\/generated\//;

const sources = FOLDERS.filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  )
  .filter((path) => /\.(ts|tsx|mjs|mts|cjs|css|prisma|yaml)$/.test(path) && !IGNORED.test(path));
const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

interface Procedure {
  path: string;
  type: string;
  meta: Meta | undefined;
  inputs: unknown[];
  output: unknown;
}

// at run time a flat record of `area.verb`; its type is the nested one
const flat = appRouter._def.procedures as unknown as Record<string, { _def: Omit<Procedure, "path"> }>;
const procedures: Procedure[] = Object.entries(flat).map(([path, { _def }]) => {
  const { type, meta, inputs, output } = _def;
  return { path, type, meta, inputs, output };
});
const ofType = (type: string) => procedures.filter((procedure) => procedure.type === type);

/** A valid input for every mutation: one that is missing here fails the test below. */
const INPUTS: Record<string, unknown> = {
  "deploy.start": { service: "checkout", environment: "staging", version: "1.1.0" },
  "deploy.decide": { deploymentId: "dep_none", decision: "rollback" },
  "deploy.rollback": { service: "checkout", environment: "staging" },
  "deploy.lock": { service: "checkout", environment: "staging", reason: "inventory" },
  "deploy.unlock": { service: "checkout", environment: "staging" },
  "health.setMaintenance": { targetId: "service:checkout:staging", minutes: 30, reason: "move" },
  "health.setMuted": { targetId: "service:checkout:staging", muted: true },
  "incidents.manage": { action: "create", title: "Checkout is slow", severity: "high" },
  "logs.updatePattern": { patternId: "1", pinned: true },
  "tokens.create": { name: "ci", role: "viewer", expiresInDays: 30 },
  "tokens.revoke": { tokenId: "tok_none" },
  "users.create": { name: "Grace", email: "grace@example.com", role: "viewer" },
  "users.setRole": { userId: "usr_none", role: "admin" },
  "users.setDisabled": { userId: "usr_none", disabled: true },
  "users.resetPassword": { userId: "usr_none" },
};

describe("procedures", () => {
  it("name a permission that exists", () => {
    const known = new Set<string>([...PERMISSIONS, "signed-in"]);
    expect(procedures.filter(({ meta }) => !known.has(meta?.permission ?? "")).map(({ path }) => path)).toEqual([]);
  });

  it("ask for a permission of their own when they write", () => {
    const open = ofType("mutation").filter(({ meta }) => !meta?.permission.endsWith(".write"));
    expect(open.map(({ path }) => path)).toEqual([]);
  });

  it("declare what goes in and what comes out", () => {
    const vague = procedures.filter(({ type, output }) => type !== "subscription" && !output);
    expect(vague.map(({ path }) => path)).toEqual([]);
    expect(ofType("mutation").filter(({ inputs }) => inputs.length === 0)).toEqual([]);
  });

  it("have an input in this test when they write", () => {
    expect(Object.keys(INPUTS).sort()).toEqual(
      ofType("mutation")
        .map(({ path }) => path)
        .sort(),
    );
  });
});

describe("an actor without any permission", () => {
  const database = useDatabase();
  const viewer = ROLE_PERMISSIONS.viewer as Set<Permission>;
  const held = [...viewer];
  beforeAll(() => viewer.clear());
  afterAll(() => {
    for (const permission of held) viewer.add(permission);
  });

  /** Calls a procedure by its path, as a transport would. */
  const call = (path: string, input: unknown) => {
    const ctx = testContext(database, { actor: actor({ id: "usr_nobody", role: "viewer" }) });
    const caller = createCaller({ agent: ctx, requestId: ctx.requestId });
    const target = path.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], caller);
    return { ctx, answer: (target as (input: unknown) => Promise<unknown>)(input) };
  };

  it.each(ofType("mutation").map(({ path }) => path))("is refused %s, and the refusal is on record", async (path) => {
    const { ctx, answer } = call(path, INPUTS[path]);
    await expect(answer).rejects.toMatchObject({ code: "FORBIDDEN" });
    const entries = await database.db.auditEntry.findMany({ where: { requestId: ctx.requestId } });
    expect(entries).toMatchObject([{ outcome: "refused", errorCode: "FORBIDDEN", actorId: "usr_nobody" }]);
    expect({ published: ctx.published, started: ctx.started }).toEqual({ published: [], started: [] });
  });

  it.each(
    ofType("query")
      .filter(({ meta }) => meta?.permission !== "signed-in")
      .map(({ path }) => path),
  )("is refused %s", async (path) => {
    await expect(call(path, {}).answer).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("MCP tools", () => {
  const tools = procedures.flatMap(({ meta, ...procedure }) => (meta?.mcp ? [{ ...procedure, tool: meta.mcp }] : []));

  it.each(tools.map(({ tool, ...procedure }) => [tool.name, tool, procedure] as const))(
    "%s tells a model what it needs",
    (name, tool, procedure) => {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/);
      expect(tool.title.length).toBeGreaterThan(5);
      expect(tool.description.length).toBeGreaterThan(80);
      expect(tool.description.length).toBeLessThan(1_500);
      expect(procedure.output).toBeTruthy();
      if (procedure.type === "query") expect(tool).toMatchObject({ destructive: false, idempotent: true });
    },
  );

  it("have different names, and there are some", () => {
    expect(tools.length).toBeGreaterThan(5);
    expect(new Set(tools.map(({ tool }) => tool.name)).size).toBe(tools.length);
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

  it("act in a dialog by the one button that names the environment", () => {
    const dialogs = sources.filter(
      (path) => path.startsWith("components/") && textOf(path).includes("<DialogActions>"),
    );
    expect(dialogs.length).toBeGreaterThan(10);
    const acts = (text: string): boolean =>
      /<(?:B|b)utton\b[^<]*?type="submit"/.test(text) ||
      [...text.matchAll(/<DialogActions>.*?<\/DialogActions>/gs)].some(([row]) => /<Button\b[^<]*?\bmutate/.test(row));
    expect(acts("<DialogActions><Button onClick={() => lock.mutate({})}>Lock</Button></DialogActions>")).toBe(true);
    // chooses what is shown
    const [shows] = ["components/time-range/custom-range-dialog.tsx"];
    expect(dialogs.filter((path) => path !== shows && acts(textOf(path)))).toEqual([]);
  });

  it("record an audit entry wherever they write", () => {
    const writers = sources.filter((path) => !path.includes(".test.") && /\bperformWrite\(/.test(textOf(path)));
    expect(writers.length).toBeGreaterThan(5);
    expect(writers.filter((path) => !/\baudit\.record\(/.test(textOf(path)))).toEqual([]);
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
