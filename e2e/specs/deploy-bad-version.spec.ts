import type { APIRequestContext } from "@playwright/test";
import { connectMcp, contentOf, type McpTestClient } from "../../server/testing/mcp-clients.ts";
import { appState } from "../fixtures/state.ts";
import { expect, expectAccessible, test } from "../fixtures/test.ts";
import { tokenFor } from "../fixtures/token.ts";

/** From a bad deployment to the line of code at fault, as an agent over MCP and a person in the console find it. */

const CHECKOUT = { service: "checkout", environment: "production" };
const BAD = "2.5.0"; // answers one order in twenty with 500
const MODEL_BYTES = 24_000; // 8,000 tokens at three bytes each

interface Anomaly {
  kind: string;
  at: string;
  sentence: string;
  patternId: string | null;
  template: string | null;
  deployment: { id: string; version: string } | null;
}
interface Analysis {
  totals: { lines: number; errors: number };
  anomalies: Anomaly[];
  patterns: { id: string; template: string; tags: string[]; versions: string[] }[];
}
interface Lines {
  lines: { body: string; traceId: string | null; version: string; instance: string }[];
}

const connect = async (request: APIRequestContext): Promise<McpTestClient> =>
  connectMcp("official v2, newest revision", {
    url: `${appState().url}/api/mcp`,
    token: await tokenFor(request, "operator"),
  });

const lastMinutes = (minutes: number) => ({
  startTime: new Date(Date.now() - minutes * 60_000).toISOString(),
  endTime: new Date().toISOString(),
});

let client: McpTestClient | undefined;
test.afterEach(async () => {
  await client?.close();
  client = undefined;
});

test("a bad version's new error pattern is found within seconds, tied to its deployment, down to the trace", async ({
  page,
  request,
}) => {
  test.setTimeout(300_000);
  const mcp = await connect(request);
  client = mcp;
  await mcp.listTools(); // from here on structured content is validated
  const ask = async <T>(tool: string, args: object): Promise<T> => {
    const answer = await mcp.callTool(tool, { ...args });
    expect(Buffer.byteLength(answer.text), `${tool} stays within what a model reads`).toBeLessThan(MODEL_BYTES);
    return contentOf<T>(answer);
  };
  // the version before must have been heard of, or nothing is new
  await expect
    .poll(async () => (await ask<Analysis>("analyze_logs", { ...lastMinutes(5), ...CHECKOUT })).totals.lines, {
      timeout: 60_000,
    })
    .toBeGreaterThan(100);

  const { deployment } = await ask<{ deployment: { id: string } }>("deploy_application", {
    ...CHECKOUT,
    version: BAD,
    strategy: "rolling",
  });
  let firstLineAt: number | null = null;
  let found: Anomaly | undefined;
  await expect
    .poll(
      async () => {
        const { lines } = await ask<Lines>("search_logs", {
          ...lastMinutes(5),
          ...CHECKOUT,
          query: '"rounding error"',
        });
        if (lines.length > 0) firstLineAt ??= Date.now();
        const { anomalies } = await ask<Analysis>("analyze_logs", { ...lastMinutes(15), ...CHECKOUT });
        found = anomalies.find((one) => one.template?.includes("rounding error") && one.kind === "new");
        return found?.deployment?.id;
      },
      { timeout: 120_000, intervals: [1_000] },
    )
    .toBe(deployment.id);
  expect(found?.deployment?.version).toBe(BAD);
  expect(Date.now() - (firstLineAt ?? 0), "from its first line to the anomaly").toBeLessThan(30_000);

  // from the pattern to a line, from the line to its trace, from the trace to the service at fault
  const { lines } = await ask<Lines>("search_logs", { ...lastMinutes(5), patternId: found?.patternId });
  expect(lines.every((line) => line.version === BAD && line.body.includes("rounding error"))).toBe(true);
  const traceId = lines.find((line) => line.traceId)?.traceId;
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  await expect
    .poll(
      () =>
        ask<{ services: { service: string }[] }>("get_trace", { traceId }).then(
          ({ services }) => services.length,
          () => 0, // its log lines are there before its spans
        ),
      { timeout: 60_000 },
    )
    .toBeGreaterThan(1); // spans of the caller come with its next batch
  const trace = await ask<{ summary: string; errorCount: number }>("get_trace", { traceId });
  expect(trace.summary).toContain("checkout");
  expect(trace.errorCount).toBeGreaterThan(0);

  const seen = async () => {
    const { edges } = await ask<{ edges: { from: string; to: string; seen: boolean }[] }>("get_service_map", {
      environment: "production",
    });
    return edges.filter((edge) => edge.seen).map(({ from, to }) => `${from} ${to}`);
  };
  await expect
    .poll(seen, { timeout: 30_000 })
    .toEqual(expect.arrayContaining(["gateway catalog", "gateway checkout", "checkout payments"]));
  const latency = async () =>
    (
      await ask<{ lines: { last: number | null }[] }>("query_metrics", {
        ...lastMinutes(5),
        ...CHECKOUT,
        metric: "http_server_request_duration_seconds",
        fn: "quantile",
      })
    ).lines.length;
  await expect.poll(latency, { timeout: 60_000 }).toBeGreaterThan(0); // figures are sent every few seconds

  // a person sees the same
  await page.goto("/logs?env=production&service=checkout&from=now-15m&to=now");
  const anomaly = page.getByRole("listitem").filter({ hasText: "rounding error" }).first();
  await expect(anomaly).toContainText(BAD, { timeout: 30_000 });
  await expectAccessible(page);
});

test("the version is taken back for the specs that follow", async ({ request }) => {
  test.setTimeout(180_000);
  const { url } = appState();
  const running = async (): Promise<string | null> => {
    const input = encodeURIComponent(JSON.stringify({ ...CHECKOUT, range: "15m" }));
    const body = (await (await request.get(`${url}/api/trpc/services.get?input=${input}`)).json()) as {
      result: { data: { row: { currentVersion: string | null; activeDeployment: { id: string } | null } } };
    };
    const { currentVersion, activeDeployment } = body.result.data.row;
    if (currentVersion === BAD && activeDeployment === null)
      await request.post(`${url}/api/trpc/deploy.rollback`, { headers: { origin: url }, data: CHECKOUT });
    return activeDeployment ? null : currentVersion;
  };
  await expect
    .poll(
      async () => {
        const version = await running();
        return version !== null && version !== BAD;
      },
      { timeout: 150_000, intervals: [2_000] },
    )
    .toBe(true);
});
