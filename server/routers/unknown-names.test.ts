import { TRPCError } from "@trpc/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { createTelemetrySources } from "../container/sources.ts";
import { createOutboundClient } from "../integrations/http/client.ts";
import { createTelemetryStore } from "../telemetry-store/index.ts";
import { testConfig, testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { EXAMPLES } from "../testing/examples.ts";
import { stringsOf } from "../testing/input-strings.ts";
import { appRouter, createCaller } from "./index.ts";

/** Every input that names a service or an environment, as the router says. */
const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { inputs: z.ZodType[] } }>;
const named = Object.entries(procedures).flatMap(([path, { _def }]) =>
  ["service", "environment"]
    .filter((key) => _def.inputs.some((input) => stringsOf(input).some((found) => found.path[0] === key)))
    .map((key) => ({ path, key })),
);

/** Where a name is no question for a list or a record, and why. */
const FREE: Record<string, string> = {
  "traces.get service": "it chooses the source; a trace is found by its id",
  "deploy.starts service": "markers beside lines of any source, which has names of its own",
  "deploy.starts environment": "as its service",
};

describe("a name that nobody knows", () => {
  const database = useDatabase();
  let telemetry: ReturnType<typeof createTelemetrySources>;
  let close = async () => {};
  beforeAll(() => {
    const config = testConfig();
    const store = createTelemetryStore({ databaseUrl: database.url, config: config.monitoringConfig });
    const http = createOutboundClient(config.outbound);
    const ingest = { ...store, collecting: async () => true, refusal: () => null };
    telemetry = createTelemetrySources({ config, store, http, own: null, ingest });
    close = async () => void (await Promise.all([http.close(), store.close()]));
  });
  afterAll(() => close());

  const call = (path: string, input: object): Promise<unknown> => {
    const ctx = testContext(database, { telemetry });
    const caller = createCaller({ agent: ctx, requestId: ctx.requestId });
    const procedure = path.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], caller);
    return (procedure as (given: unknown) => Promise<unknown>)(input);
  };

  it("is looked for in enough inputs", () => {
    expect(named.length).toBeGreaterThan(25);
  });

  it.each(named.filter(({ path, key }) => FREE[`${path} ${key}`] === undefined))(
    "is refused by $path as $key, with those there are",
    async ({ path, key }) => {
      const [given, meant] = key === "service" ? ["chekout", "checkout"] : ["prodution", "production"];
      const error: unknown = await call(path, { ...EXAMPLES[path], [key]: given }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TRPCError);
      const { code, message } = error as TRPCError;
      expect(["BAD_REQUEST", "NOT_FOUND"], message).toContain(code);
      expect(message).toContain(given);
      expect(message).toContain(meant);
    },
  );

  it("is none once a record or telemetry tells of it", async () => {
    await database.db.incident.create({
      data: {
        ...{ id: "inc_old", number: 77, title: "old", description: "", severity: "low", status: "closed" },
        ...{ service: "mail", environment: "qa", source: "person" },
      },
    });
    await expect(call("incidents.list", { service: "mail", environment: "qa" })).resolves.toMatchObject({
      items: [{ id: "inc_old" }],
    });
    await expect(
      call("logs.search", { ...EXAMPLES["logs.search"], service: "mail", environment: "qa" }),
    ).resolves.toMatchObject({
      lines: [],
    });
  });
});
