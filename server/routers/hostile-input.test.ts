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
import { addPerson, type Person } from "../testing/people.ts";
import { appRouter, createCaller } from "./index.ts";
import type { Meta } from "./trpc.ts";

interface Procedure {
  _def: { type: string; meta?: Meta; inputs: z.ZodType[] };
}
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>).filter(
  ([path]) => path !== "live.events",
);
const strings = procedures.flatMap(([path, { _def }]) =>
  _def.inputs.flatMap((input) => stringsOf(input).map((found) => ({ procedure: path, ...found }))),
);

describe("every text of an input", () => {
  it("is made from the shared types: bounded, and nothing that the database cannot hold", () => {
    expect(strings.length).toBeGreaterThan(60);
    const passes = (schema: z.ZodType, text: string) => schema.safeParse(text).success;
    const loose = strings.filter(({ schema }) =>
      ["a\u0000b", "a\ud800", "\udc00a", "a".repeat(600_000)].some((text) => passes(schema, text)),
    );
    expect(loose.map(({ procedure, path }) => `${procedure} ${path.join(".")}`)).toEqual([]);
  });

  it("refuses what cannot be seen where people type names", () => {
    const names = strings.filter(({ path, procedure }) => {
      const key = String(path.at(-1));
      return ["name", "title", "assignee"].includes(key) && /create|manage|updatePattern/.test(procedure);
    });
    expect(names.length).toBeGreaterThanOrEqual(5);
    for (const hidden of ["a\u202eb", "a\u200bb", "a\u2066b", "a\u0007b", "a\nb", "a\u00adb", "a\u200db", "a\ufeffb"])
      for (const { schema } of names)
        expect(schema.safeParse(`${hidden}c`).success, JSON.stringify(hidden)).toBe(false);
    for (const fine of ["Größe", "日本語", "👩‍💻 on call", "می‌خواهم", "a b"])
      for (const { schema } of names) expect(schema.safeParse(fine).success, fine).toBe(true);
  });
});

/** What else reaches another part of a procedure than its example does. */
const OTHER_INPUTS: Record<string, object> = {
  "incidents.manage": { action: "update", incidentId: "INC-1", title: "a" },
  "deploy.decide": { deploymentId: "dep_none", decision: "pause" },
};
const HOSTILE = [
  "",
  "\u0000",
  "\ud800",
  "%ZZ",
  "'; drop table incident; --",
  "9".repeat(19),
  "-1",
  "99999999999",
  "1e309",
  "INC-99999999999999999999",
  "../../etc/passwd",
  "{}",
  "[",
  "a".repeat(190),
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999Z",
  "AAAAAAAAAAAA.AAAA",
  "1.2.3.4",
  "~",
  "+275760-09-13T00:00:00.000Z~x",
];

describe("whatever is sent", () => {
  const database = useDatabase();
  let close = async () => {};
  let telemetry: ReturnType<typeof createTelemetrySources>;
  let ada: Person;
  beforeAll(async () => {
    ada = await addPerson(database.db);
    const config = testConfig();
    const store = createTelemetryStore({ databaseUrl: database.url, config: config.monitoringConfig });
    const http = createOutboundClient(config.outbound);
    telemetry = createTelemetrySources({
      config,
      store,
      http,
      own: null,
      ingest: { ...store, collecting: async () => true, refusal: () => null },
    });
    close = async () => {
      await http.close();
      await store.close();
    };
  });
  afterAll(() => close());

  const call = (path: string, input: unknown, person = ada): Promise<unknown> => {
    const ctx = testContext(database, { telemetry, via: "script", actor: person.actor });
    const caller = createCaller({ agent: ctx, requestId: ctx.requestId });
    const target = path.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], caller);
    return (target as (given: unknown) => Promise<unknown>)(input);
  };
  const set = (path: readonly (string | number)[], value: unknown): Record<string, unknown> => {
    const [key = "", ...rest] = path;
    if (rest.length === 0) return { [key]: value };
    return {
      [key]: typeof rest[0] === "number" ? [rest.length > 1 ? set(rest.slice(1), value) : value] : set(rest, value),
    };
  };

  it.each([...new Set(strings.map(({ procedure }) => procedure))])(
    "%s answers or refuses, and never fails inside",
    async (procedure) => {
      const others = Object.entries(OTHER_INPUTS).filter(([path]) => path === procedure);
      const inputs = [EXAMPLES[procedure], ...others.map(([, input]) => input)];
      const paths = strings.filter((one) => one.procedure === procedure).map(({ path }) => path);
      for (const input of inputs)
        for (const path of paths)
          for (const text of HOSTILE) {
            const error = await call(procedure, { ...input, ...set(path, text) }).then(
              () => null,
              (thrown: unknown) => thrown,
            );
            if (!(error instanceof TRPCError)) continue;
            const said = `${procedure} ${path.join(".")} = ${JSON.stringify(text)}: ${error.message}`;
            expect(error.code, said).not.toBe("INTERNAL_SERVER_ERROR");
            expect(error.message.length).toBeLessThan(4_000);
          }
    },
    60_000,
  );

  it("refuses a cursor of another list, of other filters and of nobody's making", async () => {
    const lists = procedures.filter(([, { _def }]) =>
      _def.inputs.some((input) => stringsOf(input).some(({ path }) => path.join(".") === "cursor")),
    );
    expect(lists.map(([path]) => path).sort()).toEqual(
      "audit.list deploy.list incidents.list logs.analyze logs.search tokens.list traces.list users.list".split(" "),
    );
    for (const n of [1, 2, 3]) await call("incidents.manage", { action: "create", title: `number ${n}` });
    const page = (await call("incidents.list", { limit: 1, severity: ["medium"] })) as { nextCursor: string };
    const next = { limit: 2, severity: ["medium"], cursor: page.nextCursor, direction: "forward" };
    expect(((await call("incidents.list", next)) as { items: unknown[] }).items).toHaveLength(2);
    await expect(call("incidents.list", { ...next, severity: ["low"] })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    for (const [path] of lists)
      for (const cursor of [page.nextCursor, "inc_1", "", "a".repeat(5_000), `${page.nextCursor}A`])
        await expect(call(path, { ...EXAMPLES[path], cursor }), path).rejects.toMatchObject({
          code: "BAD_REQUEST",
        });
  });

  it("has a refused write on record, whatever refused it", async () => {
    const eve = await addPerson(database.db); // of whom so much is refused as of the other has only a sum on record
    await expect(call("incidents.manage", { action: "create", title: "" }, eve)).rejects.toMatchObject({
      code: "BAD_REQUEST",
    });
    const maintenance = { targetId: "x", minutes: -1, reason: "" };
    await expect(call("health.setMaintenance", maintenance, eve)).rejects.toThrow("minutes");
    const entries = await database.db.auditEntry.findMany({ where: { errorCode: "INVALID" }, orderBy: { at: "desc" } });
    expect(entries[0]).toMatchObject({ action: "health.set_maintenance", outcome: "refused", after: { minutes: -1 } });
    expect(entries.some(({ action }) => action === "incidents.manage")).toBe(true);
  });

  it("answers with at most ten problems and says how many there are beyond", async () => {
    const status = Array.from({ length: 15 }, () => "x");
    const error = (await call("incidents.list", { status }).catch((thrown: unknown) => thrown)) as TRPCError;
    expect(error.message.split("\n")).toHaveLength(11);
    expect(error.message).toMatch(/^status\.0: .*\n[\s\S]*and 5 more$/);
  });
});
