import { spawn } from "node:child_process";
import { join } from "node:path";
import { connectMcp, contentOf, MCP_CLIENTS, type McpTestClient } from "../../server/testing/mcp-clients.ts";
import { appState } from "../fixtures/state.ts";
import { expect, test } from "../fixtures/test.ts";
import { tokenFor } from "../fixtures/token.ts";

/** What an agent does over MCP on the running system, without a page. */

const CATALOG = { service: "catalog", environment: "staging" };
const GOOD_VERSIONS = ["1.8.0", "1.9.0"];
const ENDED = ["succeeded", "rolled_back", "failed", "cancelled"];

interface Service {
  row: { currentVersion: string | null };
  versions: { version: string; notes: string; running: boolean }[];
}

const read = async <T>(client: McpTestClient, tool: string, args: Record<string, unknown> = {}): Promise<T> =>
  contentOf<T>(await client.callTool(tool, args));

let client: McpTestClient | undefined;
test.afterEach(async () => {
  await client?.close();
  client = undefined;
});

for (const kind of MCP_CLIENTS) {
  test(`an agent (${kind}) deploys, follows, and keeps an incident`, async ({ request }) => {
    test.setTimeout(180_000);
    const mcp = await connectMcp(kind, {
      url: `${appState().url}/api/mcp`,
      token: await tokenFor(request, "operator"),
    });
    client = mcp;
    const { tools } = await mcp.listTools(); // from here on structured content is validated
    expect(tools.map(({ name }) => name)).toContain("deploy_application");

    const { row, versions } = await read<Service>(mcp, "get_service", CATALOG);
    const good = GOOD_VERSIONS.find((version) => version !== row.currentVersion);
    expect(versions.map(({ version }) => version)).toContain(good);

    const { deployment } = await read<{ deployment: { id: string } }>(mcp, "deploy_application", {
      ...CATALOG,
      version: good,
    });
    await expect
      .poll(
        async () => {
          const now = await read<{ deployment: { status: string } }>(mcp, "get_deployment", {
            deploymentId: deployment.id,
          });
          return ENDED.includes(now.deployment.status) ? now.deployment.status : "under way";
        },
        { timeout: 120_000 },
      )
      .toBe("succeeded");
    expect((await read<Service>(mcp, "get_service", CATALOG)).row.currentVersion).toBe(good);

    const opened = await read<{ incident: { id: string } }>(mcp, "manage_incident", {
      action: "create",
      title: `Rehearsal by ${kind}`,
      severity: "low",
    });
    await read(mcp, "manage_incident", {
      action: "resolve",
      incidentId: opened.incident.id,
      resolution: "it was a rehearsal",
    });
    expect(await read(mcp, "get_incident", { incidentId: opened.incident.id })).toMatchObject({
      incident: { status: "resolved", resolution: "it was a rehearsal" },
    });
  });
}

test("a viewer's token does not see the writes and is refused them", async ({ request }) => {
  const target = { url: `${appState().url}/api/mcp`, token: await tokenFor(request, "viewer") };
  client = await connectMcp("official v2, newest revision", target);
  const { tools } = await client.listTools();
  expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true);
  expect(await read(client, "list_services")).toMatchObject({ sample: true });
  for (const [tool, args] of [
    ["deploy_application", { ...CATALOG, version: GOOD_VERSIONS[0] }],
    ["manage_incident", { action: "create", title: "x" }],
  ] as const) {
    const answer = await client.callTool(tool, args);
    expect(answer.isError).toBe(true);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "FORBIDDEN" });
  }
});

test("nobody gets in without a token, with a cookie, or from another site", async ({ request }) => {
  const { url } = appState();
  const post = (headers: Record<string, string>) =>
    request.post(`${url}/api/mcp`, {
      headers: { accept: "application/json, text/event-stream", ...headers },
      data: { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} },
    });
  const bare = await post({ origin: url }); // the request carries the administrator's cookie
  expect(bare.status()).toBe(401);
  expect(bare.headers()["www-authenticate"]).toContain("Bearer");
  const authorization = `Bearer ${await tokenFor(request, "viewer")}`;
  expect((await post({ authorization, origin: "https://evil.example" })).status()).toBe(403);
  expect((await post({ authorization })).status()).toBe(200);
});

test("the example scripts run", async ({ request }) => {
  test.setTimeout(180_000);
  const { url, dataDir } = appState();
  const token = await tokenFor(request, "viewer");
  const env = { OPERATE_URL: url, OPERATE_TOKEN: token, OPERATE_DATA_DIR: dataDir };
  expect(await run("mcp-client.ts", [], env)).toContain('"overall"');
  expect(await run("trpc-client.ts", ["1"], env)).toContain("checkout/staging");
  expect(await run("agent-script.ts", [], env)).toContain("Name a version of checkout to deploy: 2.4.0");
});

/** What an example prints; fails with it when the example fails. */
function run(script: string, args: string[], more: Record<string, string>): Promise<string> {
  const root = join(import.meta.dirname, "../..");
  const env: NodeJS.ProcessEnv = { ...process.env, ...more };
  delete env.DATABASE_URL;
  delete env.OPERATE_CONFIG;
  const child = spawn(process.execPath, [join("examples", script), ...args], { cwd: root, env });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`${script}: ${code}\n${output}`))));
  });
}
