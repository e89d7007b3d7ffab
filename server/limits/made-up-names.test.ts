import { beforeAll, describe, expect, it } from "vitest";
import { mcpEndpoint } from "../../mcp/endpoint.ts";
import { CLIENT_ADDRESS_HEADER } from "../auth/client-address.ts";
import { identify } from "../auth/context.ts";
import { createToken } from "../auth/tokens/create.ts";
import { appRouter } from "../routers/index.ts";
import { serveTrpc } from "../routers/serve-trpc.ts";
import { countRequest, renderMetrics } from "../telemetry/metrics.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson } from "../testing/people.ts";

/** Whatever names are made up, by whom ever: what is kept of them has a bound. */

const BASE = "http://localhost:4310";
const database = useDatabase();
const secrets: string[] = [];
beforeAll(async () => {
  for (let i = 0; i < 6; i++) {
    const { actor } = await addPerson(database.db, { role: "viewer" });
    const input = { name: `n${i}`, role: "viewer" as const, expiresInDays: 1 };
    secrets.push((await createToken(testContext(database, { actor }), input)).secret);
  }
});

const identifyBy = (request: Request, via: "web" | "api" | "mcp") => identify(testContext(database), request, via);
const trpc = serveTrpc({
  checkOrigin: () => undefined,
  identify: identifyBy,
  onFailure: ({ procedure, type, code }) => countRequest(procedure, type, code),
});
const mcp = mcpEndpoint({
  router: appRouter,
  checkOrigin: () => undefined,
  identify: (request) => identifyBy(request, "mcp"),
  report: ({ tool, outcome }) => outcome !== "done" && countRequest(tool, "tool", outcome),
  onProtocolError: () => undefined,
});
const series = async (): Promise<string[]> =>
  (await renderMetrics(testContext(database))).body.split("\n").filter((line) => line && !line.startsWith("#"));
const rows = async (): Promise<number> => {
  const counts = await database.db.$queryRaw<{ n: bigint }[]>`
    select sum((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I.%I', schemaname, tablename),
      false, true, '')))[1]::text::bigint) as n
    from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`;
  return Number(counts[0]?.n);
};
const names = (from: number, count: number) => Array.from({ length: count }, (_, i) => `made.up${from + i}`);

describe("1,000 made-up names", () => {
  it("of procedures and tools, sent by who is known and by strangers, add a few series and no row", async () => {
    const [seriesBefore, rowsBefore] = [(await series()).length, await rows()];
    let answered = 0;
    for (let i = 0; i < 1_000; i += 20) {
      const path = `/api/trpc/${names(i, 20).join(",")}?batch=1`;
      const authorization = `Bearer ${secrets[(i / 20) % 5]}`;
      const known = await trpc(new Request(`${BASE}${path}`, { headers: { authorization } }));
      if (known.status === 404) answered += 20;
      await trpc(new Request(`${BASE}${path}`, { headers: { [CLIENT_ADDRESS_HEADER]: `192.0.2.${i / 20}` } }));
      const made = { authorization: `Bearer opk_${i}`, [CLIENT_ADDRESS_HEADER]: `198.51.100.${i / 20}` };
      await trpc(new Request(`${BASE}/api/trpc/made.up${i}`, { headers: made }));
    }
    expect(answered, "all of those who are known were looked at").toBe(1_000);
    for (const name of names(0, 100)) {
      const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } };
      await mcp(
        new Request(`${BASE}/api/mcp`, {
          method: "POST",
          body: JSON.stringify(body),
          headers: {
            authorization: `Bearer ${secrets[5]}`,
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
          },
        }),
      );
    }
    const after = await series();
    expect(after.filter((line) => line.includes("made"))).toEqual([]);
    expect(after.length - seriesBefore).toBeLessThan(60);
    expect((await rows()) - rowsBefore).toBeLessThan(5);
  });
});
