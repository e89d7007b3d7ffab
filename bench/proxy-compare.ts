import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Balancer } from "#server/integrations/local/balancer/balancer.ts";
import { freePort } from "#server/integrations/local/instance/free-port.ts";
import { commandLine } from "../scripts/usage.mjs";

/**
 * Sends odd requests through Operate's balancer and through HAProxy and writes what came of each, side by side, to
 * docs/balancer-and-haproxy.md. Ends with 1 when a difference is not explained in fixtures/proxy-differences.json.
 */
commandLine("bench:proxy");

interface Case {
  name: string;
  /** one character a byte; `{20000}` stands for as many letters, `{120 headers}` for as many headers */
  request: string;
  /** what the instance sends to each request; 200 with "ok" when there is none */
  answer?: string;
  /** the client closes its sending side */
  halfClose?: boolean;
  /** the instance closes behind its answer */
  closes?: boolean;
}

/** What the client and the instance got to see; one line each. */
interface Seen {
  client: string;
  instance: string;
}

const FIXTURES = join(import.meta.dirname, "fixtures");
const PAGE = join(import.meta.dirname, "../docs/balancer-and-haproxy.md");
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/** nothing more is awaited after so long a silence */
const SILENCE_MS = 400;
const ANSWER_MS = 2_500;
/** each product's own, or different each time */
const LEFT_OUT =
  /^(?:date|connection|keep-alive|x-forwarded-(?:for|host|proto|port)|forwarded|cache-control|content-type|content-length): /i;

const expanded = (text: string): string =>
  text
    .replace(/\{(\d+) headers\}/, (_, count) =>
      Array.from({ length: Number(count) }, (_v, i) => `X-${i}: 1\r\n`).join(""),
    )
    .replace(/\{(\d+)\}/, (_, count) => "x".repeat(Number(count)));

const shortened = (text: string): string => text.replace(/x{50,}/g, (run) => `x×${run.length}`);

const shown = (text: string): string =>
  shortened(text).replace(/[^\x20-\x7e]/g, (char) =>
    char === "\r" ? "" : char === "\n" ? "⏎" : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );

/** All that was sent, without the headers that do not matter, the others in one spelling and order. */
function told(text: string): string {
  const lines: string[] = [];
  let headers: string[] = [];
  for (const line of text.split("\r\n")) {
    if (/^[\w-]+: ?/.test(line)) {
      if (!LEFT_OUT.test(line))
        headers.push(line.replace(/^[^:]+: ?/, (name) => `${name.trim().replace(/:$/, "").toLowerCase()}: `));
      continue;
    }
    lines.push(...(headers.length > 12 ? [`${headers.length} headers`] : headers.sort()), line);
    headers = [];
  }
  return [...lines, ...headers]
    .filter((line) => line !== "")
    .map(shown)
    .join(" ¦ ");
}

class Instance {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  received = "";
  current: Case = { name: "", request: "" };
  port = 0;

  constructor() {
    this.#server = createServer((socket) => {
      this.#open.add(socket.on("error", () => undefined).on("close", () => this.#open.delete(socket)));
      let text = "";
      socket.on("data", (chunk) => {
        this.received += chunk.toString("latin1");
        text += chunk.toString("latin1");
        for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
          const isHead = /^[A-Za-z]+ \S+ HTTP\/1/.test(text);
          text = text.slice(end + 4);
          if (!isHead) continue;
          if (this.current.closes) socket.end(this.current.answer ?? OK, "latin1");
          else socket.write(this.current.answer ?? OK, "latin1");
        }
      });
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    this.port = typeof address === "object" && address !== null ? address.port : 0;
  }

  begin(next: Case): void {
    this.current = next;
    this.received = "";
    for (const socket of this.#open) socket.destroy();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }
}

async function send(port: number, instance: Instance, one: Case): Promise<Seen> {
  instance.begin(one);
  await sleep(20);
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);
  let text = "";
  let heardMs = 0;
  let closed = false;
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    heardMs = performance.now();
  });
  socket.on("end", () => {
    closed = true;
  });
  socket.on("close", () => {
    closed = true;
  });
  socket.write(expanded(one.request), "latin1");
  if (one.halfClose) socket.end();
  const startedMs = performance.now();
  const over = (): boolean =>
    closed || (heardMs > 0 && performance.now() - heardMs > SILENCE_MS) || performance.now() - startedMs > ANSWER_MS;
  while (!over()) await sleep(10);
  const ending = closed ? "closed" : "open";
  socket.destroy();
  await sleep(20);
  const client = text === "" ? `no answer, ${ending}` : `${answerOf(text)}, ${ending}`;
  return { client, instance: instance.received === "" ? "not asked" : told(instance.received) };
}

/** An error page of the proxy's own is told by its status alone. */
function answerOf(text: string): string {
  const own = /"error":\{"code"|<html><body><h1>/.test(text);
  return own ? `${text.slice(9, 12)} of its own` : told(text);
}

function startHaproxy(port: number, target: number, dir: string): ChildProcess {
  const config = join(dir, "haproxy.cfg");
  const lines = [
    ...["defaults", "  mode http", "  option forwardfor", "  timeout connect 2s", "  timeout client 60s"],
    ...["  timeout server 60s", "  timeout tunnel 1h", "frontend front", `  bind 127.0.0.1:${port}`],
    ...["  default_backend back", "backend back", "  http-reuse safe", `  server target 127.0.0.1:${target}`, ""],
  ];
  writeFileSync(config, lines.join("\n"));
  return spawn("haproxy", ["-db", "-f", config], { stdio: "ignore" });
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    const open = await Promise.race([once(socket, "connect").then(() => true), sleep(200, false)]).catch(() => false);
    socket.destroy();
    if (open) return;
    await sleep(50);
  }
  throw new Error("HAProxy did not start");
}

const cell = (text: string): string => `\`${text.replaceAll("|", "¦").replaceAll("`", "'")}\``;

function page(rows: { one: Case; ours: Seen; theirs: Seen }[], why: Record<string, string>, version: string): string {
  const same = (a: Seen, b: Seen) => a.client === b.client && a.instance === b.instance;
  const differing = rows.filter(({ ours, theirs }) => !same(ours, theirs));
  const table = differing.map(({ one, ours, theirs }) => {
    const both = (seen: Seen) => `${cell(seen.client)}<br>instance: ${cell(seen.instance)}`;
    return `| ${one.name} | ${both(ours)} | ${both(theirs)} | ${why[one.name] ?? "**not explained**"} |`;
  });
  const equal = rows.filter(({ ours, theirs }) => same(ours, theirs)).map(({ one }) => one.name);
  return [
    "# The balancer and HAProxy",
    "",
    `${rows.length} requests and answers, most of them odd, through Operate's balancer and ${version} side by side. \`npm run bench:proxy\` sends those of [proxy-cases.json](../bench/fixtures/proxy-cases.json) and writes this page.`,
    "Left out are headers that each writes in its own way (`Date`, `Connection`, `X-Forwarded-*`) and the case of names; an error page of the proxy's own is told by its status. `open` or `closed` is the connection to the client afterwards.",
    "",
    `## The same: ${equal.length}`,
    "",
    `${equal.join(" · ")}`,
    "",
    `## Different: ${differing.length}`,
    "",
    "| What is sent | Operate | HAProxy | Why |",
    "|---|---|---|---|",
    ...table,
    "",
  ].join("\n");
}

async function main(): Promise<void> {
  const found = spawnSync("haproxy", ["-v"], { encoding: "utf8" });
  if (found.status !== 0) {
    console.log("skip  HAProxy is not installed");
    return;
  }
  const version = /HAProxy version ([\d.]+)/.exec(found.stdout)?.[1] ?? "";
  const cases = JSON.parse(readFileSync(join(FIXTURES, "proxy-cases.json"), "utf8")) as Case[];
  const why = JSON.parse(readFileSync(join(FIXTURES, "proxy-differences.json"), "utf8")) as Record<string, string>;
  const dir = mkdtempSync(join(tmpdir(), "operate-bench-"));
  const instance = new Instance();
  await instance.listen();
  const balancer = new Balancer(
    { service: "target", environment: "bench" },
    { currentVersion: () => "1", refused: () => undefined },
  );
  const port = await balancer.listen(0);
  const target = balancer.createTarget("target-1", "1", instance.port);
  balancer.rotation.update([target], null);
  const theirPort = await freePort();
  const haproxy = startHaproxy(theirPort, instance.port, dir);
  try {
    await untilListening(theirPort);
    const rows: { one: Case; ours: Seen; theirs: Seen }[] = [];
    for (const one of cases)
      rows.push({ one, ours: await send(port, instance, one), theirs: await send(theirPort, instance, one) });
    const text = page(rows, why, `HAProxy ${version}`);
    writeFileSync(PAGE, text);
    const unexplained = text.split("\n").filter((line) => line.includes("**not explained**")).length;
    console.log(
      `${rows.length} cases, ${unexplained} differences without an explanation; see docs/balancer-and-haproxy.md`,
    );
    if (unexplained > 0) process.exitCode = 1;
  } finally {
    haproxy.kill();
    instance.close();
    await balancer.close(0);
    await target.pool.destroy();
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
