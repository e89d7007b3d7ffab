import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "#server/integrations/local/instance/free-port.ts";
import { commandLine } from "../scripts/usage.mjs";
import { median, percentile, printReport } from "./harness.ts";

/** The balancer of the local platform beside a direct connection and beside HAProxy where it is installed. */
commandLine("bench:balancer");

const CONNECTIONS = 32;
const SECONDS = 4;
const RATE = 1_000;
const ROUNDS = 3;

interface Measured {
  requestsPerSecond: number;
  failed: number;
  latenciesMs: number[];
}

const children: ChildProcess[] = [];

async function startNode(name: string, ...args: string[]): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "processes", `${name}.ts`), args);
  children.push(child);
  return child;
}

async function portOf(child: ChildProcess): Promise<number> {
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return port;
}

async function measure(port: number): Promise<Measured> {
  const load = await startNode("load", `http://127.0.0.1:${port}`, String(CONNECTIONS), String(SECONDS), String(RATE));
  const [measured] = (await once(load, "message")) as [Measured];
  return measured;
}

/** Null when HAProxy is not installed. */
async function startHaproxy(targetPort: number, dir: string): Promise<number | null> {
  if (spawnSync("haproxy", ["-v"]).status !== 0) return null;
  const port = await freePort();
  const config = join(dir, "haproxy.cfg");
  writeFileSync(
    config,
    [
      "defaults",
      "  mode http",
      "  option forwardfor",
      "  timeout connect 2s",
      "  timeout client 60s",
      "  timeout server 60s",
      "frontend front",
      `  bind 127.0.0.1:${port}`,
      "  default_backend back",
      "backend back",
      "  http-reuse always",
      `  server target 127.0.0.1:${targetPort}`,
      "",
    ].join("\n"),
  );
  children.push(spawn("haproxy", ["-f", config], { stdio: "ignore" }));
  for (let attempt = 0; attempt < 100 && !(await answers(port)); attempt++) await sleep(50);
  return port;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.end());
  });

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "operate-bench-"));
  try {
    const targetPort = await portOf(await startNode("target"));
    const balancerPort = await portOf(await startNode("balancer", String(targetPort)));
    const haproxyPort = await startHaproxy(targetPort, dir);
    const variants: [string, number][] = [
      ["direct", targetPort],
      ["balancer", balancerPort],
      ...(haproxyPort === null ? [] : [["haproxy", haproxyPort] as [string, number]]),
    ];
    const rounds = new Map<string, Measured[]>(variants.map(([name]) => [name, []]));
    // The variants take turns, so that a busy moment of the machine does not fall on one alone.
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, port] of variants) rounds.get(name)?.push(await measure(port));
    report(rounds, haproxyPort === null);
  } finally {
    for (const child of children) child.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

function report(rounds: Map<string, Measured[]>, withoutHaproxy: boolean): void {
  const summary = new Map(
    [...rounds].map(([name, list]) => [
      name,
      {
        requestsPerSecond: Math.round(median(list.map((one) => one.requestsPerSecond))),
        p50Ms: median(list.map((one) => percentile(one.latenciesMs, 0.5))),
        p99Ms: median(list.map((one) => percentile(one.latenciesMs, 0.99))),
        failed: list.reduce((sum, one) => sum + one.failed, 0),
      },
    ]),
  );
  const direct = summary.get("direct");
  const ours = summary.get("balancer");
  if (!direct || !ours) throw new Error("the benchmark measured nothing");
  const addedP50Ms = ours.p50Ms - direct.p50Ms;
  printReport({
    name: "balancer",
    results: [...summary].map(([variant, one]) => ({
      variant,
      requestsPerSecond: one.requestsPerSecond,
      shareOfDirect: round(one.requestsPerSecond / direct.requestsPerSecond),
      p50Ms: round(one.p50Ms),
      addedP50Ms: round(one.p50Ms - direct.p50Ms),
      p99Ms: round(one.p99Ms),
      failed: one.failed,
    })),
    targets: [
      {
        target: `at least 8,000 req/s with ${CONNECTIONS} connections`,
        measured: `${ours.requestsPerSecond} req/s`,
        met: ours.requestsPerSecond >= 8_000,
      },
      {
        target: `at most 1 ms added p50 latency at ${RATE} req/s`,
        measured: `${round(addedP50Ms)} ms`,
        met: addedP50Ms <= 1,
      },
    ],
    skipped: withoutHaproxy ? ["HAProxy is not installed"] : [],
  });
}

const round = (value: number): number => Math.round(value * 100) / 100;

await main();
