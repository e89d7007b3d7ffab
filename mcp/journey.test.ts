import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { identify } from "#server/auth/context.ts";
import { checkOrigin } from "#server/auth/origin.ts";
import { createToken } from "#server/auth/tokens/create.ts";
import { appRouter } from "#server/routers/index.ts";
import { useDatabase } from "#server/testing/database.ts";
import { type Operations, openOperations } from "#server/testing/durable/operations.ts";
import { startTestWorker, type TestWorker } from "#server/testing/durable/worker.ts";
import { allReady, createTestDaemon, sampleService } from "#server/testing/local-platform/daemon.ts";
import { connectMcp, contentOf, MCP_CLIENTS, type McpTestClient } from "#server/testing/mcp-clients.ts";
import { addPerson } from "#server/testing/people.ts";
import { mcpEndpoint } from "./endpoint.ts";

vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 }); // it boots processes, on whatever machine this is
const database = useDatabase();
/** The judge never has requests enough, so that the canary goes on only when somebody says so. */
const patient = {
  canary: { weights: [50], keepOldSeconds: 1 },
  analysis: { minRequests: 1_000_000, minSeconds: 1, intervalSeconds: 1 },
  watchSeconds: 0,
};
const daemon = createTestDaemon(MCP_CLIENTS.map((_, i) => sampleService(`web-${i}`, { deployment: patient }, 2)));
let worker: TestWorker;
let ops: Operations;
let secret: string;
let serve: (request: Request) => Promise<Response>;

beforeAll(async () => {
  [worker] = await Promise.all([startTestWorker(database.url, daemon), daemon.start()]);
  ops = openOperations(database, daemon);
  for (const i of MCP_CLIENTS.keys()) await allReady(daemon.platform, { service: `web-${i}`, environment: "staging" });
  const { actor } = await addPerson(database.db);
  ({ secret } = await createToken({ ...ops, actor }, { name: "pilot", role: "operator", expiresInDays: 1 }));
  serve = mcpEndpoint({
    router: appRouter,
    checkOrigin,
    identify: (request) => identify(ops, request, "mcp"),
    report: () => undefined,
    onProtocolError: () => undefined,
  });
});
afterAll(async () => {
  await ops?.close();
  await worker?.end("SIGTERM");
  await daemon.dispose();
});

interface Seen {
  deployment: { id: string; status: string; version: string; waiting: { kind: string; options: string[] } | null };
  steps: { kind: string; status: string; title: string }[];
  decisions: { decision: string; by: { kind: string; name: string } }[];
}

it.each([...MCP_CLIENTS.entries()])(
  "an agent (client %i, %s) rehearses, deploys, pauses, resumes, promotes and rolls back",
  async (index, kind) => {
    const where = { service: `web-${index}`, environment: "staging" };
    const client: McpTestClient = await connectMcp(kind, {
      url: "http://127.0.0.1:4310/api/mcp",
      token: secret,
      fetch: (url, init) => serve(new Request(url, init)),
    });
    await client.listTools(); // from here on structured content is validated
    const call = async <T>(tool: string, args: object) => contentOf<T>(await client.callTool(tool, { ...args }));
    let told = 0;
    const until = async (deploymentId: string, enough: (seen: Seen) => boolean): Promise<Seen> => {
      for (let looks = 0; looks < 60; looks++) {
        const args = { deploymentId, followSeconds: 20 };
        const seen = contentOf<Seen>(await client.callTool("get_deployment", args, () => told++));
        if (enough(seen)) return seen;
      }
      throw new Error(`${deploymentId} did not come that far`);
    };
    const decide = (deploymentId: string, decision: string, more: object = {}) =>
      call<{ started: { id: string } | null }>("decide_deployment", { deploymentId, decision, ...more });
    const judging = ({ steps }: Seen) => steps.some((step) => step.kind === "analysis" && step.status === "running");

    const wish = { ...where, version: "1.1.0", strategy: "canary", reason: "a rehearsal" };
    const { plan } = await call<{ plan: { steps: { title: string }[] } }>("deploy_application", {
      ...wish,
      dryRun: true,
    });
    const { deployment } = await call<Seen>("deploy_application", wish);
    const { id } = deployment;
    const seen = await until(id, judging);
    expect(seen.steps.map((step) => step.title)).toEqual(plan.steps.map((step) => step.title));

    await decide(id, "pause");
    const paused = await until(id, (one) => one.deployment.waiting !== null);
    expect(paused.deployment.waiting).toMatchObject({ kind: "paused", options: expect.arrayContaining(["resume"]) });
    await decide(id, "resume");
    await until(id, judging);
    await decide(id, "promote", { scope: "all", reason: "seen enough" });
    const done = await until(id, (one) => one.deployment.status === "succeeded");
    expect(done.decisions.map((one) => `${one.by.kind} ${one.decision}`)).toEqual([
      "agent pause",
      "agent resume",
      "agent promote",
    ]);

    const { started } = await decide(id, "rollback", { reason: "the rehearsal is over" });
    const back = await until(started?.id ?? "", (one) => one.deployment.status === "succeeded");
    expect(back.deployment.version).toBe("1.0.0");
    const { instances, weights } = await daemon.platform.workloads.getService(where);
    expect(instances.map((one) => [one.version, one.state])).toEqual(Array(2).fill(["1.0.0", "ready"]));
    expect(weights).toBeNull();
    expect(told).toBeGreaterThan(0);
    await client.close();
  },
);
