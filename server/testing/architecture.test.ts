import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { PERMISSIONS, type Permission, ROLE_PERMISSIONS } from "../agent/kernel/permissions.ts";
import { appRouter, createCaller } from "../routers/index.ts";
import type { Meta } from "../routers/trpc.ts";
import { actor, testContext } from "./context.ts";
import { useDatabase } from "./database.ts";
import { EXAMPLES } from "./examples.ts";

interface Procedure {
  path: string;
  type: string;
  meta: Meta | undefined;
  inputs: z.ZodType[];
  output: unknown;
}

// at run time a flat record of `area.verb`; its type is the nested one
const flat = appRouter._def.procedures as unknown as Record<string, { _def: Omit<Procedure, "path"> }>;
const procedures: Procedure[] = Object.entries(flat).map(([path, { _def }]) => {
  const { type, meta, inputs, output } = _def;
  return { path, type, meta, inputs, output };
});
const ofType = (type: string) => procedures.filter((procedure) => procedure.type === type);

const problemOf = (path: string, input: z.ZodType): string[] => {
  const { error } = input.safeParse(EXAMPLES[path]);
  return error ? [`${path}: ${error.message}`] : [];
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

  it("have an example each, which their input takes", () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(procedures.map(({ path }) => path).sort());
    const refused = procedures.flatMap(({ path, inputs }) => inputs.flatMap((input) => problemOf(path, input)));
    expect(refused).toEqual([]);
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
    const { ctx, answer } = call(path, EXAMPLES[path]);
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
