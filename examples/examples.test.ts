import { spawn } from "node:child_process";
import { join } from "node:path";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mcpEndpoint } from "../mcp/endpoint.ts";
import { manageIncident } from "../server/agent/incidents/index.ts";
import { identify } from "../server/auth/context.ts";
import { checkOrigin } from "../server/auth/origin.ts";
import { createToken } from "../server/auth/tokens/create.ts";
import { createLiveFeed } from "../server/live/feed.ts";
import { appRouter } from "../server/routers/index.ts";
import { createLogger } from "../server/telemetry/log.ts";
import { type TestContext, testContext } from "../server/testing/context.ts";
import { useDatabase } from "../server/testing/database.ts";
import { addPerson } from "../server/testing/people.ts";
import { serve } from "../server/testing/serve.ts";

const ROOT = join(import.meta.dirname, "..");
const database = useDatabase();
let context: TestContext;
let server: Awaited<ReturnType<typeof serve>>;
let live: ReturnType<typeof createLiveFeed>;
let token: string;

beforeAll(async () => {
  live = createLiveFeed(database.db, database.url, createLogger("test"));
  context = testContext(database, { live });
  const person = await addPerson(database.db);
  const asked = { name: "example", role: "operator", expiresInDays: 1 } as const;
  token = (await createToken({ ...context, actor: person.actor }, asked)).secret;
  const mcp = mcpEndpoint({
    router: appRouter,
    checkOrigin,
    identify: (request) => identify(context, request, "mcp"),
    report: () => undefined,
    onProtocolError: () => undefined,
  });
  server = await serve(async (request) => {
    if (new URL(request.url).pathname === "/api/mcp") return mcp(request);
    const identity = await identify(context, request, "api");
    return fetchRequestHandler({
      endpoint: "/api/trpc",
      req: request,
      router: appRouter,
      createContext: () => identity,
    });
  });
});
afterAll(async () => {
  await server.close();
  await live.close();
});

interface Ended {
  code: number | null;
  output: string;
}

/** Runs an example as its first lines say; `onOutput` sees all that was printed so far. */
function run(
  script: string,
  args: string[],
  given: Record<string, string | undefined>,
  onOutput?: (output: string) => void,
) {
  const env = { ...process.env, DATABASE_URL: undefined, OPERATE_CONFIG: undefined, ...given };
  const child = spawn(process.execPath, [join("examples", script), ...args], { cwd: ROOT, env });
  let output = "";
  const read = (chunk: Buffer) => {
    output += chunk.toString();
    onOutput?.(output);
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  return new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

describe("mcp-client.ts", () => {
  const call = (...args: string[]) => run("mcp-client.ts", args, { OPERATE_URL: server.url, OPERATE_TOKEN: token });

  it("lists the tools and calls one", async () => {
    const { code, output } = await call();
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/write\s+deploy_application/);
    expect(output).toMatch(/read\s+list_services/);
    expect(output).toContain('"service":"checkout"');
  });

  it("shows a refusal and exits with 2", async () => {
    const { code, output } = await call("get_incident", '{"incidentId":"INC-999"}');
    expect({ code, output }).toMatchObject({ code: 2, output: expect.stringContaining("NOT_FOUND") });
  });
});

describe("trpc-client.ts", () => {
  it("reads with types and sees live what changes", async () => {
    let opened: Promise<unknown> | undefined;
    const env = { OPERATE_URL: server.url, OPERATE_TOKEN: token };
    const { code, output } = await run("trpc-client.ts", ["6"], env, (soFar) => {
      // the feed sends what happens from its subscription on; one incident a second until the script ends
      if (soFar.includes("Watching")) opened ??= openIncidents(6);
    });
    await opened;
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain("checkout/staging");
    expect(output).toMatch(/changed: incident inc_/);
  });

  async function openIncidents(count: number) {
    for (let i = 0; i < count; i++) {
      await manageIncident(context, { action: "create", title: `live ${i}` });
      await new Promise((resolve) => setTimeout(resolve, 800));
    }
  }
});

describe("without what they need", () => {
  it.each(["mcp-client.ts", "trpc-client.ts"])("%s says where a token is made", async (script) => {
    const { code, output } = await run(script, [], { OPERATE_TOKEN: undefined });
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining("Settings → Tokens") });
  });

  it.each(["mcp-client.ts", "trpc-client.ts"])("%s says when nothing answers, without a stack", async (script) => {
    const { code, output } = await run(script, [], { OPERATE_TOKEN: "opk_x", OPERATE_URL: "http://127.0.0.1:9" });
    expect(code).toBe(1);
    expect(output).toContain("npm start");
    expect(output).not.toMatch(/^\s+at /m);
  });

  it("agent-script.ts says how to start Operate", async () => {
    const { code, output } = await run("agent-script.ts", [], { OPERATE_DATA_DIR: "/nowhere/at/all" });
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining("npm start") });
  });
});
