import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { createToken } from "../auth/tokens/create.ts";
import { freePort } from "../db/embedded-files.ts";
import { findDaemon, untilGone } from "../integrations/local/running-daemon.ts";
import { appRouter } from "../routers/index.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { eventually } from "../testing/local-platform/daemon.ts";
import { connectMcp } from "../testing/mcp-clients.ts";
import { addPerson } from "../testing/people.ts";

/** Real processes under the real supervisor, a canary in every variable, and everything that can fail failing. */

vi.setConfig({ testTimeout: 480_000, hookTimeout: 360_000 });
const database = useDatabase();
const ROOT = join(import.meta.dirname, "../..");
/** each differs when it stands in a URL, in JSON and in base64 */
const canary = (name: string) => `cnry/${name}+${"7f3a9c51e0".repeat(3)}=&x`;
const NAMED = [
  ...["HEALTH_PATH", "HEALTH_QUERY", "HEALTH_HEADER", "HEALTH_BODY", "HEALTH_USER", "HOOK_PATH", "HOOK_HEADER"],
  ...["HOOK_ENV", "SCRAPE_PATH", "SCRAPE_HEADER", "METRICS_PATH", "UPSTREAM_HEADER", "SERVICE_ENV", "SYNTHETIC"],
];
const SECRETS = ["OPERATE_SECRET_HEALTH", "OPERATE_SECRET_HOOK", "OPERATE_SECRET_UNUSED"];
const OWN = ["OPERATE_SECRET_KEY", "ORDINARY_UNUSED", "DATABASE_PASSWORD"];
const canaries = new Map([...NAMED, ...SECRETS, ...OWN].map((name) => [name, canary(name.toLowerCase())]));
// in front of a host only what a URL allows there
canaries.set("HEALTH_USER", `cnry.health_user${"7f3a9c51e0".repeat(3)}`);
const value = (name: string) => canaries.get(name) ?? "";
const secret = (name: string) => `\${secret:${name}}`;
const env = (name: string) => `\${env:${name}}`;

let folder: string;
let dataDir: string;
let echo: Server;
let operate: ChildProcess;
let printed = "";
let console_: string;
let token: string;
/** what tools and procedures answered */
const answers: string[] = [];
/** what the other side was sent */
const sent: string[] = [];

/** Everything it was told comes back, in every form, with whatever status the path asks for. */
async function startEcho(): Promise<string> {
  echo = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const heard = [request.url, JSON.stringify(request.headers), body].join(" ");
    sent.push(heard);
    const said = [heard, Buffer.from(heard).toString("base64"), request.headers.authorization ?? ""].join("\n");
    response.writeHead(Number(/\/(\d{3})\b/.exec(request.url ?? "")?.[1] ?? 500), { "content-type": "text/plain" });
    response.end(JSON.stringify({ status: "error", errorType: "bad_data", error: said, message: said }));
  });
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(echo.address() as AddressInfo).port}`;
}

function configText(host: string): string {
  const headers = { authorization: `Bearer ${env("HEALTH_HEADER")}`, "x-key": secret("HEALTH") };
  const basic = `http://ada:${env("HEALTH_USER")}@${host}`;
  const path = env("HEALTH_PATH");
  const check = (name: string, url: string, more: object = {}) => ({ type: "http", name, url, headers, ...more });
  const hook = { retries: 0, timeoutSeconds: 5 };
  const script = "console.error(JSON.stringify(process.env)); process.exit(1)";
  return stringify({
    outbound: { allow: ["127.0.0.0/8"] },
    monitoringConfig: {
      checkIntervalMs: 1_000,
      failureThreshold: 1,
      metricsEndpoint: `http://${host}/400/${env("METRICS_PATH")}`,
      logsEndpoint: `http://127.0.0.1:1/${env("METRICS_PATH")}`,
      tracesEndpoint: `https://${host}/${env("METRICS_PATH")}`,
      endpointHeaders: { authorization: `Bearer ${env("UPSTREAM_HEADER")}` },
      healthEndpoints: [
        check("refused", `http://127.0.0.1:1/${path}?key=${env("HEALTH_QUERY")}`),
        check("missing", `http://${host}/404/${path}?key=${env("HEALTH_QUERY")}`),
        check("tls", `https://${host}/${path}`),
        check("basic", `${basic}/401`),
        check("body", `http://${host}/200/${path}`, { bodyIncludes: `not there: ${env("HEALTH_BODY")}` }),
        check("json", `http://${host}/200/${path}`, { jsonPath: { path: "message", equals: env("HEALTH_BODY") } }),
        `http://${host}/500/${path}?key=${env("HEALTH_QUERY")}`,
      ],
      scrape: ["500", "200"].map((status) => ({
        ...{ name: `scrape-${status}`, url: `http://${host}/${status}/${env("SCRAPE_PATH")}`, intervalMs: 1_000 },
        headers: { authorization: env("SCRAPE_HEADER") },
      })),
    },
    services: ["http", "command", "crashing", "synthetic"].map((name) => ({
      name,
      local: {
        command: ["node", join(ROOT, "server/testing/local-platform/service.js"), "{version}"],
        versions: [{ version: "1.0.0" }, { version: name === "crashing" ? "crash" : "2.0.0" }],
        ...{ readinessPath: "/readyz", readinessIntervalMs: 100, stopTimeoutMs: 1_500 },
      },
      environments: { staging: { instances: 1, initialVersion: "1.0.0", env: { API_KEY: env("SERVICE_ENV") } } },
      telemetry: { metrics: "external", logs: "external", traces: "external", template: "prometheus-http" },
      deployment: {
        ...(name === "synthetic" && {
          verification: [
            {
              name: "ask",
              path: `/404?key=${env("SYNTHETIC")}`,
              headers: { "x-key": env("SYNTHETIC") },
              expectStatus: [418],
            },
          ],
        }),
        ...{ watchSeconds: 0, drainSeconds: 1 },
        hooks: {
          before: [
            ...(name === "http"
              ? [
                  {
                    ...hook,
                    ...{ type: "http", name: "call", url: `http://${host}/500/${env("HOOK_PATH")}` },
                    headers: { authorization: `Bearer ${env("HOOK_HEADER")}`, "x-key": secret("HOOK") },
                  },
                ]
              : []),
            ...(name === "command"
              ? [
                  {
                    ...hook,
                    ...{ type: "command", name: "run", command: ["node", "-e", script] },
                    env: { TOKEN: env("HOOK_ENV") },
                  },
                ]
              : []),
          ],
        },
      },
    })),
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "operate-canaries-"));
  dataDir = join(folder, "data");
  const real = { "server/web.ts": "server/testing/web-process.ts" };
  const files = ["server/worker.ts", "server/collector.ts", "server/integrations/local/daemon.ts"];
  for (const [file, to] of [...Object.entries(real), ...files.map((one) => [one, one] as const)]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `await import(${JSON.stringify(join(ROOT, to))});`);
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "operate.config.yaml"), configText(await startEcho()));
  writeFileSync(
    join(folder, "start.ts"),
    `const at = (file) => import(${JSON.stringify(import.meta.dirname)} + "/" + file);
     const [{ operate }, { readOptions }, { listenForStop }] =
       await Promise.all([at("operate.ts"), at("options.ts"), at("signals.ts")]);
     const terminal = { line: console.log, stage: (name, work) => work };
     await operate(readOptions([], process.env, ${JSON.stringify(folder)}), ${JSON.stringify(folder)}, terminal, listenForStop(console.log));
     process.exit(0);`,
  );
  canaries.set("DATABASE_PASSWORD", decodeURIComponent(new URL(database.url).password));
  expect(value("DATABASE_PASSWORD").length).toBeGreaterThan(8);
  const port = await freePort();
  console_ = `http://127.0.0.1:${port}`;
  const named = Object.fromEntries([...canaries].filter(([name]) => name !== "DATABASE_PASSWORD"));
  operate = spawn(process.execPath, [join(folder, "start.ts")], {
    cwd: folder,
    detached: true,
    env: {
      ...{ PATH: process.env.PATH, HOME: folder, NODE_ENV: "test", TZ: process.env.TZ, ...named },
      ...{ OPERATE_DATA_DIR: dataDir, OPERATE_CONFIG: "operate.config.yaml", PORT: String(port) },
      DATABASE_URL: database.url,
    } as unknown as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [operate.stdout, operate.stderr]) stream?.on("data", (chunk) => (printed += chunk));
  const { actor } = await addPerson(database.db);
  const ctx = testContext(database, { actor });
  token = (await createToken(ctx, { name: "pilot", role: "admin", expiresInDays: 1 })).secret;
  await eventually(async () => {
    if (operate.exitCode !== null) throw new Error(printed);
    return printed.includes("is ready at");
  }, 200_000);
});

afterAll(async () => {
  if (operate?.exitCode === null) operate.kill("SIGTERM");
  if (operate) await eventually(async () => operate.exitCode !== null || operate.signalCode !== null);
  const daemon = findDaemon(dataDir);
  if (daemon) process.kill(daemon.pid, "SIGTERM");
  if (daemon) await untilGone(daemon);
  echo?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(path: string, input: unknown, kind: "query" | "mutation"): Promise<Record<string, unknown>> {
  const query = kind === "query" ? `?input=${encodeURIComponent(JSON.stringify(input))}` : "";
  const answer = await fetch(`${console_}/api/trpc/${path}${query}`, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(kind === "mutation" && { method: "POST", body: JSON.stringify(input) }),
  });
  const text = await answer.text();
  answers.push(`${path} ${text}`);
  return JSON.parse(text).result?.data ?? {};
}

const SERVICES = ["http", "command", "crashing", "synthetic"];

interface Followed {
  deployment?: { finishedAt: string | null };
}

async function failEverything(): Promise<void> {
  const ids: string[] = [];
  for (const service of SERVICES) {
    const version = service === "crashing" ? "crash" : "2.0.0";
    const wish = {
      service,
      environment: "staging",
      version,
      strategy: "rolling",
      reason: "a canary",
      healthCheckTimeout: 10,
    };
    await call("deploy.start", { ...wish, dryRun: true }, "mutation");
    const started = (await call("deploy.start", wish, "mutation")) as { deployment?: { id: string } };
    ids.push(started.deployment?.id ?? "none");
  }
  // each call waits for what happens next, so that this is no storm of calls
  for (const deploymentId of ids)
    await eventually(async () => {
      const seen = (await call("deploy.get", { deploymentId, followSeconds: 10 }, "query")) as Followed;
      return seen.deployment?.finishedAt;
    }, 180_000).catch(() => {
      throw new Error(`${deploymentId} does not end: ${answers.at(-1)}`);
    });
  const names = [...canaries.keys(), "DATABASE_URL", "OPERATE_INGEST_SECRET", "PATH"];
  const text = [
    ...names.map((name) => `a_${name.toLowerCase()}: "\${env:${name}}"`),
    `services: [{ name: "\${env:OPERATE_SECRET_KEY}", local: { command: [x], versions: [{ version: "\${secret:HOOK}" }] }, environments: { staging: { initialVersion: "\${env:HEALTH_BODY}" } } }]`,
    `deploymentConfig: { environments: ["\${env:HOOK_ENV}"] }`,
  ].join("\n");
  const mcp = await connectMcp("official v1", { url: `${console_}/api/mcp`, token });
  const now = Date.now();
  const range = { from: new Date(now - 3_600_000).toISOString(), to: new Date(now).toISOString() };
  for (const service of SERVICES)
    for (const [index, deploymentId] of ids.entries()) {
      if (SERVICES[index] !== service) continue;
      const input = {
        ...{ service, environment: "staging", deploymentId, text, range: "1h", ...range, days: 1, limit: 50 },
        ...{ query: "up", a: "1.0.0", b: "2.0.0", traceId: "a".repeat(32), name: "up", metric: "up" },
      };
      const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>;
      for (const [path, { _def }] of Object.entries(procedures)) {
        if (_def.type !== "query") continue;
        await call(path, input, "query");
        await call(path, { ...input, range, followSeconds: 0 }, "query");
      }
      for (const { name } of (await mcp.listTools()).tools) {
        if (!/^(get|list|search|query|check|find|compare|explain|describe)/.test(name)) continue;
        const told = await mcp.callTool(name, input).catch((error: unknown) => String(error));
        answers.push(`${name} ${JSON.stringify(told)}`);
      }
    }
  await mcp.close();
}

/** Plain, as in JSON, as in a URL, and in base64 whatever stands before it: three texts by where the first byte falls. */
function formsOf(text: string): string[] {
  const shifted = [0, 1, 2].map((before) => {
    const whole = Buffer.from("x".repeat(before) + text)
      .toString("base64")
      .replace(/=+$/, "");
    return whole.slice(before === 0 ? 0 : before + 1, -1);
  });
  const forms = [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text), encodeURI(text), ...shifted];
  return [...forms, ...shifted.map((one) => one.replaceAll("+", "-").replaceAll("/", "_"))];
}
const foundIn = (where: string, text: string): string[] =>
  [...canaries].flatMap(([name, canary]) =>
    formsOf(canary).flatMap((form) => {
      const at = text.indexOf(form);
      return at < 0 ? [] : [`${name} in ${where}: …${text.slice(Math.max(0, at - 120), at + 60)}`];
    }),
  );

function filesUnder(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() && statSync(path).size > 0 ? [path] : [];
  });
}

async function foundInDatabase(): Promise<string[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const tables = await client.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ row: string }>(`select row_to_json(t)::text as row from ${name} t`);
    for (const { row } of rows) found.push(...foundIn(name, row));
  }
  await client.end();
  return found;
}

it("shows no value of any variable, in whatever form, in logs, database, answers and exports", async () => {
  await failEverything();
  expect(answers.length).toBeGreaterThan(100);
  // the other side is asked with the values: what is hidden here was really in use
  const used = [
    "HOOK_PATH",
    "HOOK_HEADER",
    "OPERATE_SECRET_HOOK",
    "HEALTH_HEADER",
    "OPERATE_SECRET_HEALTH",
    "SCRAPE_HEADER",
  ];
  for (const name of used) expect([name, sent.some((one) => one.includes(value(name)))]).toEqual([name, true]);
  const files = filesUnder(dataDir).filter((file) => !file.endsWith("secrets.json"));
  expect(files.filter((file) => file.endsWith(".log")).length).toBeGreaterThan(3);
  const found = [
    ...foundIn("the terminal", printed),
    ...answers.flatMap((text) => foundIn(`the answer of ${text.split(" ", 1)[0]}`, text)),
    ...files.flatMap((file) => foundIn(file, readFileSync(file, "utf8"))),
    ...(await foundInDatabase()),
  ];
  expect([...new Set(found)]).toEqual([]);
});
