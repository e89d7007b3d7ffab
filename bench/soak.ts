import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type pg from "pg";
import { INTERRUPTED, interruption, listenForInterruption } from "../scripts/interruption.ts";
import { commandLine } from "../scripts/usage.mjs";
import { median, printReport } from "./harness.ts";
import { openPool, type RunningSystem, startSystem, until } from "./system.ts";

/**
 * `npm run soak`: the whole system under steady use for half an hour: 500 log lines a second from instances, 20 live
 * streams, a deployment a minute, two tool calls a second over MCP. Every minute memory, handles, connections and the
 * rows of the state tables are read; what still grows in the last third is reported. `--minutes=30` changes the length.
 */
const MINUTES = commandLine("soak").number("minutes");
const STREAMS = 20;
const LINES_PER_SECOND = 500;
const CALLS_PER_SECOND = 2;
const SERVICE = join(import.meta.dirname, "processes/soak-service.js");
const INSTANCES = 2;
/** the last third may have so much more than the second; memory of a process breathes */
const MEMORY_GROWTH = 1.15;
const COUNT_GROWTH = 1.2;
const PASSWORD = "thirty-quiet-minutes-4";

const configuration = {
  deploymentConfig: { environments: ["production"], rollout: { watchSeconds: 30 } },
  services: [
    {
      name: "steady",
      healthPath: "/readyz",
      local: {
        command: ["node", SERVICE, "{version}", String(LINES_PER_SECOND / INSTANCES)],
        versions: [{ version: "1.0.0" }, { version: "1.1.0" }],
        readinessPath: "/readyz",
        readinessIntervalMs: 200,
      },
      environments: { production: { instances: INSTANCES, initialVersion: "1.0.0" } },
    },
  ],
  traffic: [{ service: "steady", environment: "production", requestsPerSecond: 50, paths: ["/"] }],
};

/** Signs the first administrator in and makes tokens. */
async function makeTokens({ url, setupToken }: RunningSystem, roles: readonly string[]): Promise<string[]> {
  const headers = { "content-type": "application/json", origin: url };
  const admin = { token: setupToken, name: "Soak", email: "soak@example.com", password: PASSWORD };
  const setup = await fetch(`${url}/api/setup`, { method: "POST", headers, body: JSON.stringify(admin) });
  if (setup.status !== 201) throw new Error(`set-up answered ${setup.status}: ${await setup.text()}`);
  const cookie = setup.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
  const tokens: string[] = [];
  for (const [i, role] of roles.entries()) {
    const body = JSON.stringify({ name: `soak ${i}`, role, expiresInDays: 1 });
    const answer = await fetch(`${url}/api/trpc/tokens.create`, {
      method: "POST",
      headers: { ...headers, cookie },
      body,
    });
    const made = (await answer.json()) as { result?: { data: { secret: string } } };
    if (!made.result) throw new Error(`no token: ${JSON.stringify(made)}`);
    tokens.push(made.result.data.secret);
  }
  return tokens;
}

/** Holds a live stream open for as long as the soak runs, again and again. */
async function holdStream(url: string, token: string, counts: { events: number; breaks: number }, signal: AbortSignal) {
  while (!signal.aborted) {
    try {
      const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
      const answer = await fetch(`${url}/api/trpc/live.events?input=%7B%7D`, { headers, signal });
      if (!answer.ok || !answer.body) throw new Error(`answered ${answer.status}`);
      for await (const chunk of answer.body) counts.events += Buffer.from(chunk).toString().split("\nid:").length - 1;
    } catch {
      // counted below: the end of the soak is no break
    }
    if (signal.aborted) return;
    counts.breaks += 1;
    await delay(500);
  }
}

const CALLS: [string, Record<string, unknown>][] = [
  ["list_services", {}],
  ["monitor_health", {}],
  ["get_service", { service: "steady", environment: "production" }],
  ["list_deployments", {}],
  ["list_incidents", {}],
];

async function callTools(url: string, token: string, counts: { calls: number; failed: number }, signal: AbortSignal) {
  const client = new Client({ name: "soak", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL("/api/mcp", url), { requestInit }));
  for (let i = 0; !signal.aborted; i++) {
    const started = performance.now();
    const to = new Date();
    const window = { startTime: new Date(to.getTime() - 600_000).toISOString(), endTime: to.toISOString() };
    const [name, args] = CALLS[i % (CALLS.length + 1)] ?? ["analyze_logs", window];
    counts.calls += 1;
    try {
      if ((await client.callTool({ name, arguments: args })).isError) counts.failed += 1;
    } catch {
      counts.failed += 1;
    }
    await delay(Math.max(0, 1_000 / CALLS_PER_SECOND - (performance.now() - started)), undefined, { signal }).catch(
      () => undefined, // the soak is over
    );
  }
  await client.close();
}

async function deployEveryMinute(
  url: string,
  token: string,
  counts: { started: number; refused: number },
  signal: AbortSignal,
) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  for (let i = 1; !signal.aborted; i++) {
    const version = i % 2 === 1 ? "1.1.0" : "1.0.0";
    const body = JSON.stringify({ service: "steady", environment: "production", version, strategy: "rolling" });
    const answer = await fetch(`${url}/api/trpc/deploy.start`, { method: "POST", headers, body }).catch(() => null);
    if (answer?.ok) counts.started += 1;
    else counts.refused += 1;
    await delay(60_000, undefined, { signal }).catch(() => undefined);
  }
}

interface Minute {
  minute: number;
  /** resident MB and open handles by process */
  memoryMb: Record<string, number>;
  handles: Record<string, number>;
  connections: number;
  /** of tables that are not partitions of telemetry */
  rows: Record<string, number>;
}

const NAMES: Record<string, string> = {
  "server/start.ts": "supervisor",
  "server/web.ts": "web",
  "server/worker.ts": "worker",
  "server/collector.ts": "collector",
  "server/integrations/local/daemon.ts": "daemon",
};

/** Processes of this system, by the data directory in their environment. */
function processes(dataDir: string): { pid: string; name: string }[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || !readFileSync(`/proc/${pid}/environ`, "utf8").includes(`OPERATE_DATA_DIR=${dataDir}\0`))
        return [];
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      const name = Object.entries(NAMES).find(([file]) => command.includes(file))?.[1];
      return name ? [{ pid, name }] : [];
    } catch {
      return []; // ended while we looked, or another user's
    }
  });
}

async function measure(minute: number, dataDir: string, db: pg.Pool): Promise<Minute> {
  const memoryMb: Record<string, number> = {};
  const handles: Record<string, number> = {};
  for (const { pid, name } of processes(dataDir)) {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
    memoryMb[name] = Math.round((pages * 4_096) / 2 ** 20);
    handles[name] = readdirSync(`/proc/${pid}/fd`).filter((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) !== "";
      } catch {
        return false; // closed while we looked
      }
    }).length;
  }
  const { rows: open } = await db.query<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where datname is not null",
  );
  await db.query("analyze");
  const { rows } = await db.query<{ name: string; n: number }>(
    `select c.relname as name, greatest(0, c.reltuples)::int as n from pg_class c join pg_namespace s on s.oid = c.relnamespace
     where c.relkind = 'r' and not c.relispartition and s.nspname in ('public', 'dbos') order by 1`,
  );
  return {
    minute,
    memoryMb,
    handles,
    connections: open[0]?.n ?? 0,
    rows: Object.fromEntries(rows.map(({ name, n }) => [name, n])),
  };
}

/** What the last third has more than the second, beyond what breathing explains. */
function growth(minutes: readonly Minute[]): string[] {
  const third = Math.floor(minutes.length / 3);
  const [second, last] = [minutes.slice(-2 * third, -third), minutes.slice(-third)];
  const grown = (name: string, of: (minute: Minute) => number | undefined, most: number, floor: number) => {
    const [before, after] = [second, last].map((part) => median(part.flatMap((one) => of(one) ?? [])));
    if (before === undefined || after === undefined || !(after > before * most + floor)) return [];
    return [`${name}: ${before} → ${after}`];
  };
  const names = Object.keys(last.at(-1)?.memoryMb ?? {});
  return [
    ...names.flatMap((name) => grown(`memory of ${name}, MB`, ({ memoryMb }) => memoryMb[name], MEMORY_GROWTH, 5)),
    ...names.flatMap((name) => grown(`handles of ${name}`, ({ handles }) => handles[name], COUNT_GROWTH, 5)),
    ...grown("connections", ({ connections }) => connections, COUNT_GROWTH, 3),
  ];
}

listenForInterruption();
const system = await startSystem("soak", configuration);
try {
  const tokens = await makeTokens(system, ["operator", "viewer", "viewer", "viewer"]);
  const [operator = "", ...viewers] = tokens;
  const db = openPool(system.databaseUrl, 1);
  await until("the service is up", 60_000, async () => {
    const answer = await fetch(`${system.url}/api/trpc/services.list?input=%7B%7D`, {
      headers: { authorization: `Bearer ${operator}` },
    });
    return (await answer.text()).includes('"ready":2') || answer.ok;
  });
  const over = new AbortController();
  const live = { events: 0, breaks: 0 };
  const tools = { calls: 0, failed: 0 };
  const deployments = { started: 0, refused: 0 };
  const work = [
    ...Array.from({ length: STREAMS }, (_, i) =>
      holdStream(system.url, viewers[i % viewers.length] ?? "", live, over.signal),
    ),
    callTools(system.url, operator, tools, over.signal),
    deployEveryMinute(system.url, operator, deployments, over.signal),
  ];
  const minutes: Minute[] = [];
  for (let minute = 1; minute <= MINUTES; minute++) {
    await delay(60_000, undefined, { signal: interruption });
    const now = await measure(minute, system.dataDir, db);
    minutes.push(now);
    console.error(JSON.stringify(now));
  }
  const { rows: lines } = await db.query<{ n: string }>(
    "select coalesce(sum(accepted), 0)::text as n from ingest_count where signal = 'logs'",
  );
  over.abort();
  await Promise.allSettled(work);
  await db.end();

  const grown = growth(minutes);
  const first = minutes[0]?.rows ?? {};
  const last = minutes.at(-1)?.rows ?? {};
  const tables = Object.keys(last).filter((name) => (last[name] ?? 0) > 2 * (first[name] ?? 0) + 50);
  printReport({
    name: "soak",
    results: minutes.map(({ minute, memoryMb, handles, connections }) => ({
      minute,
      ...Object.fromEntries(Object.entries(memoryMb).map(([name, mb]) => [`${name} MB`, mb])),
      handles: Object.values(handles).reduce((sum, n) => sum + n, 0),
      connections,
    })),
    targets: [
      {
        target: "memory, handles and connections of the last third as in the second",
        measured: grown.join("; ") || "flat",
        met: grown.length === 0,
      },
      {
        target: `${LINES_PER_SECOND} lines/s kept`,
        measured: `${(Number(lines[0]?.n ?? 0) / (MINUTES * 60)).toFixed(0)}/s`,
        met: Number(lines[0]?.n ?? 0) > 0.9 * LINES_PER_SECOND * MINUTES * 60,
      },
      {
        target: "no stream breaks, no tool call fails",
        measured: `${live.events} hints, ${live.breaks} breaks; ${tools.calls} calls, ${tools.failed} failed`,
        met: live.breaks === 0 && tools.failed === 0,
      },
      {
        target: "a deployment a minute",
        measured: `${deployments.started} started, ${deployments.refused} refused`,
        met: deployments.started >= MINUTES - 1,
      },
      {
        target: "tables that more than doubled (kept by their retention)",
        measured: tables.join(", ") || "none",
        met: true,
      },
    ],
  });
  process.exitCode = grown.length === 0 ? 0 : 1;
} catch (error) {
  if (!interruption.aborted) console.error(error, system.output().slice(-4_000));
  process.exitCode = interruption.aborted ? INTERRUPTED : 1;
} finally {
  await system.stop(process.exitCode === 0);
}
if (interruption.aborted) process.exit(); // what was left in the middle is of no matter
