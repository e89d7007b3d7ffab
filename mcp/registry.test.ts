import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type McpMeta, procedure, router } from "#server/routers/trpc.ts";
import { toolsOf } from "./registry.ts";
import { ALWAYS_TOLD } from "./result.ts";

const mcp: McpMeta = {
  name: "a_tool",
  title: "A tool",
  description: "does",
  destructive: false,
  idempotent: true,
  openWorld: false,
  outsideText: false,
};
const base = procedure.meta({ permission: "deployment.write", mcp });
const empty = z.object({});

describe("a tool's schemas", () => {
  const find = (input: z.ZodType, output: z.ZodType = empty) => {
    const tool = toolsOf(
      router({
        a: base
          .input(input)
          .output(output)
          .query(() => ({})),
      }),
    ).find("a_tool");
    if (!tool) throw new Error("no tool");
    return tool.listing;
  };

  it("ask for what has no default, and take nothing unknown", () => {
    const { inputSchema } = find(z.object({ a: z.string(), b: z.number().default(1), c: z.string().optional() }));
    expect(inputSchema).toMatchObject({ type: "object", required: ["a"], additionalProperties: false });
  });

  it("survive conditional rules", () => {
    const { inputSchema } = find(z.object({ a: z.string() }).superRefine(() => undefined));
    expect(inputSchema).toMatchObject({ type: "object", properties: { a: { type: "string" } } });
  });

  it("say date-time once and leave out what every integer has", () => {
    const { outputSchema } = find(empty, z.object({ at: z.iso.datetime(), n: z.number().int() }));
    expect(outputSchema).toEqual({
      type: "object",
      properties: { ...ALWAYS_TOLD, at: { type: "string", format: "date-time" }, n: { type: "integer" } },
      required: ["at", "n"],
    });
  });

  it("come with a mark where results show what outsiders wrote", () => {
    const toolWith = (outsideText: boolean) =>
      toolsOf(
        router({
          a: procedure
            .meta({ permission: "deployment.write", mcp: { ...mcp, outsideText } })
            .input(empty)
            .output(empty)
            .query(() => ({})),
        }),
      ).find("a_tool");
    expect(toolWith(true)).toMatchObject({
      showsOutsideText: true,
      listing: { description: expect.stringMatching(/data/) },
    });
    expect(toolWith(false)).toMatchObject({ showsOutsideText: false, listing: { description: "does" } });
  });

  it("merge chained inputs", () => {
    const chained = base
      .input(z.object({ x: z.string() }))
      .input(z.object({ y: z.number() }))
      .output(empty);
    const tool = toolsOf(router({ a: chained.query(() => ({})) })).find("a_tool");
    expect(tool?.listing.inputSchema).toMatchObject({ required: ["x", "y"] });
  });
});

describe("what cannot be a tool is refused when the tools are collected", () => {
  const query = (input: z.ZodType, output: z.ZodType, meta: Partial<McpMeta> = {}) =>
    procedure
      .meta({ permission: "service.read", mcp: { ...mcp, ...meta } })
      .input(input)
      .output(output)
      .query(() => ({}));
  it.each([
    ["an input that is no object", query(z.string(), empty), /a: the input of a tool must be one object/],
    ["a union as input", query(z.union([empty, z.string()]), empty), /must be one object/],
    ["a list as output", query(empty, z.array(empty)), /a: the output of a tool must be one object/],
    ["a Date in the output", query(empty, z.object({ at: z.date() })), /a: its output has no JSON Schema/],
    ["no output schema", base.input(empty).query(() => ({})), /needs an output schema/],
    ["a destructive query", query(empty, empty, { destructive: true }), /query cannot be destructive/],
    ["a name in another case", query(empty, empty, { name: "aTool" }), /aTool is not a tool name/],
    ["no description", query(empty, empty, { description: "" }), /title and a description/],
    [
      "a subscription",
      procedure.meta({ permission: "service.read", mcp }).subscription(async function* () {
        yield 1;
      }),
      /subscription cannot be a tool/,
    ],
  ])("%s", (_, made, message) => {
    expect(() => toolsOf(router({ a: made }))).toThrow(message);
  });

  it("two procedures under one name", () => {
    expect(() => toolsOf(router({ a: query(empty, empty), b: query(empty, empty) }))).toThrow(
      "b: a is already the tool a_tool",
    );
  });
});

it("shows each role what it may use, and finds the rest for the procedure to refuse", () => {
  const make = (permission: "service.read" | "incident.write" | "deployment.write", name: string) =>
    procedure
      .meta({ permission, mcp: { ...mcp, name } })
      .output(empty)
      .mutation(() => ({}));
  const tools = toolsOf(
    router({
      read: make("service.read", "read"),
      respond: make("incident.write", "respond"),
      deploy: make("deployment.write", "deploy"),
    }),
  );
  const seen = (role: "viewer" | "responder" | "operator") => tools.visibleTo(role).map(({ listing }) => listing.name);
  expect([seen("viewer"), seen("responder"), seen("operator")]).toEqual([
    ["read"],
    ["read", "respond"],
    ["read", "respond", "deploy"],
  ]);
  expect(tools.find("deploy")?.path).toBe("deploy");
});
