import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { ServiceSchema } from "#server/agent/config-services.ts";
import { sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { behindBalancer, sendBytes } from "#server/testing/local-platform/raw-instance.ts";
import type { Balancer, BalancerOptions } from "./balancer.ts";

/** What is set for the balancer of one service: whose word counts, and how long things may take. */

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
let balancer: Balancer;
let port: number;
let heads: string[];
let sockets: Socket[];
let received: string;
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(options: BalancerOptions, answer: (socket: Socket) => unknown): Promise<void> {
  heads = [];
  sockets = [];
  received = "";
  const opened = await behindBalancer(
    (socket) => {
      sockets.push(socket);
      let text = "";
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        text += chunk.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        if (end === -1 || heads.length === sockets.length) return;
        heads.push(text.slice(0, end + 4));
        answer(socket);
      });
    },
    { balancer: options },
  );
  ({ balancer, port } = opened);
  closers.push(opened.close);
}

const client = (request: string) => sendBytes(port, request);

async function headOf(headers: string, start_ = "GET / HTTP/1.1"): Promise<string[]> {
  const { closed } = client(`${start_}\r\n${headers}Connection: close\r\n\r\n`);
  await closed;
  return (heads.at(-1) ?? "").split("\r\n").filter((line) => /forwarded|real.ip|^host|^get/i.test(line));
}
const counted = () => sumOutcomes(balancer.samplesSince(0, Date.now() + 20_000));

const SAID = [
  "X-Forwarded-For: 203.0.113.9, 198.51.100.2",
  "X-Forwarded-Host: shop.example",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Port: 443",
  "X-Forwarded-Prefix: /shop",
  "X-Real-IP: 203.0.113.9",
  "Forwarded: for=203.0.113.9;proto=https",
];

describe("what a client says of where its request came from", () => {
  it.each([
    ["nobody is trusted", []],
    ["others are", ["10.0.0.0/8", "127.0.0.2", "::1", "2001:db8::/32"]],
  ])("is replaced when %s", async (_, trustedProxies) => {
    await start({ trustedProxies }, (socket) => socket.write(OK));
    expect(
      await headOf(
        `Host: a:1\r\n${SAID.join("\r\n")}\r\nx_forwarded_for: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\nX_Real-IP: 6.6.6.6\r\nX-Forwarded: for=6.6.6.6\r\n`,
      ),
    ).toEqual([
      "GET / HTTP/1.1",
      "Host: a:1",
      "x-forwarded-for: 127.0.0.1",
      "x-forwarded-host: a:1",
      "x-forwarded-proto: http",
      `x-forwarded-port: ${port}`,
      'forwarded: for=127.0.0.1;host="a:1";proto=http',
    ]);
  });

  it.each([["127.0.0.1"], ["127.0.0.0/8"], ["0.0.0.0/0"]])(
    "is kept when %s is trusted, with the front added",
    async (proxy) => {
      await start({ trustedProxies: ["10.0.0.1", proxy] }, (socket) => socket.write(OK));
      expect(await headOf(`Host: a\r\n${SAID.join("\r\n")}\r\n`)).toEqual([
        "GET / HTTP/1.1",
        "Host: a",
        ...SAID.slice(1, 6),
        "x-forwarded-for: 203.0.113.9, 198.51.100.2, 127.0.0.1",
        'forwarded: for=203.0.113.9;proto=https, for=127.0.0.1;host="a";proto=http',
      ]);
    },
  );

  it("is completed where a trusted front says nothing, but for the port of a protocol of its own", async () => {
    await start({ trustedProxies: ["127.0.0.1"] }, (socket) => socket.write(OK));
    expect(await headOf("Host: a\r\nX-Forwarded-Proto: https\r\n")).toEqual([
      "GET / HTTP/1.1",
      "Host: a",
      "X-Forwarded-Proto: https",
      "x-forwarded-for: 127.0.0.1",
      "x-forwarded-host: a",
    ]);
  });

  it.each([
    ["for=203.0.113.9;proto=https;host=shop.example", "203.0.113.9, 127.0.0.1", "shop.example", "https"],
    [
      'For="[2001:db8::1]:4711";Proto=HTTPS, for=198.51.100.2:80;proto=http;host="in:8080"',
      ...["2001:db8::1, 198.51.100.2, 127.0.0.1", "in:8080", "https"],
    ],
    ['for=_hidden;by=x;ext="a;proto=ftp"', "127.0.0.1", "a", "http"],
    ['for=unknown;host="evil\\", host=x";proto="a b"', "127.0.0.1", "a", "http"],
  ])("is completed from what a trusted front says as Forwarded: %s", async (said, clients, host, proto) => {
    await start({ trustedProxies: ["127.0.0.1"] }, (socket) => socket.write(OK));
    const lines = await headOf(`Host: a\r\nForwarded: ${said}\r\n`);
    expect(lines).toContain(`x-forwarded-for: ${clients}`);
    expect(lines).toContain(`x-forwarded-host: ${host}`);
    expect(lines).toContain(`x-forwarded-proto: ${proto}`);
    expect(lines).toContain(`forwarded: ${said}, for=127.0.0.1;host="a";proto=http`);
  });

  it("has the balancer's own port where a trusted front names no protocol", async () => {
    await start({ trustedProxies: ["127.0.0.1"] }, (socket) => socket.write(OK));
    expect(await headOf("Host: a\r\n")).toContain(`x-forwarded-port: ${port}`);
  });
});

describe("what is asked for", () => {
  it.each([
    ["GET http://shop.example:80/a?b HTTP/1.1", "GET /a?b HTTP/1.1", "Host: shop.example:80"],
    ["GET HTTPS://shop HTTP/1.1", "GET / HTTP/1.1", "Host: shop"],
    ["GET http://shop?q HTTP/1.1", "GET /?q HTTP/1.1", "Host: shop"],
    ["GET //shop/a HTTP/1.1", "GET //shop/a HTTP/1.1", "Host: other"],
  ])("as %s is passed on as a path", async (line, passed, host) => {
    await start({}, (socket) => socket.write(OK));
    expect((await headOf("Host: other\r\n", line)).slice(0, 2)).toEqual([passed, host]);
  });

  it.each(["GET http://user@shop/ HTTP/1.1", "GET ftp://shop/ HTTP/1.1", "GET * HTTP/1.1"])(
    "as %s is refused",
    async (line) => {
      await start({}, (socket) => socket.write(OK));
      const { text, closed } = client(`${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
      await closed;
      expect(text()).toMatch(/^HTTP\/1.1 400 /);
      expect(heads).toEqual([]);
    },
  );

  it.each([
    ["GET / HTTP/1.1\r\n\r\n", "no Host header"],
    ["GET /\r\n\r\n", "HTTP/0.9"],
    ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", "HTTP/2.0 is not supported"],
    ["GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "fragment"],
    ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "transfer coding"],
  ])("as %j is refused, and the connection closed", async (request, why) => {
    await start({}, (socket) => socket.write(OK));
    const { text, closed } = client(request);
    await closed;
    expect(text()).toMatch(/^HTTP\/1.1 400 /);
    expect(text()).toContain(why);
    expect(heads).toEqual([]);
  });

  it("while the balancer is late is refused with the same words", async () => {
    await start({}, (socket) => socket.write(OK));
    const { socket, text, closed } = client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await eventually(async () => text().endsWith("ok"));
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n");
    const untilMs = performance.now() + 400;
    while (performance.now() < untilMs);
    await closed;
    expect(text()).toContain("transfer coding");
    expect(counted()).toMatchObject({ status4xx: 1, clientLeft: 0 });
  });

  it("without a host, as HTTP/1.0 may, is passed on with the balancer's own", async () => {
    await start({}, (socket) => socket.write(OK));
    expect((await headOf("", "GET / HTTP/1.0"))[1]).toBe(`Host: 127.0.0.1:${port}`);
  });
});

describe("times", () => {
  it("an upload may take as long as it is set to, and no longer", async () => {
    await start({ requestMs: 1_000 }, () => undefined);
    const slow = client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12");
    await slow.closed;
    expect(slow.text()).toMatch(/^HTTP\/1.1 408 /);
    await eventually(async () => counted().clientLeft === 1);
  });

  it("an upload that goes on for longer than an answer may take is not cut", async () => {
    await start({ headersMs: 300, bodyMs: 300 }, () => undefined);
    const { socket, text } = client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    for (let i = 0; i < 10; i++) {
      await sleep(100);
      socket.write("x");
    }
    await eventually(async () => received.endsWith("x".repeat(10)));
    sockets[0]?.write(OK);
    await eventually(async () => text().endsWith("ok"));
    socket.destroy();
  });

  it.each([
    ["text/event-stream", true],
    ["text/plain", false],
  ])("a silent answer of %s lives longer than bodies may be silent: %s", async (type, lives) => {
    await start({ bodyMs: 300, streamMs: 60_000 }, (socket) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\nfirst`),
    );
    const { socket, text, closed } = client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await eventually(async () => text().includes("first"));
    const ended = await Promise.race([closed.then(() => true), sleep(1_200, false)]);
    expect(ended).toBe(!lives);
    socket.destroy();
  });

  it("an idle connection of a client is closed after its time", async () => {
    await start({ keepAliveMs: 200 }, (socket) => socket.write(OK));
    const { text, closed } = client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await closed;
    expect(text()).toMatch(/ok$/);
  });
});

describe("a body that is sent only when it is wanted", () => {
  const ASK = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";

  it("comes once the instance says so, and not before", async () => {
    await start({}, () => undefined);
    const { socket, text } = client(ASK);
    await eventually(async () => heads.length === 1);
    expect(heads[0]).toContain("\r\nexpect: 100-continue\r\n");
    await sleep(100);
    expect(text()).toBe("");
    sockets[0]?.write("HTTP/1.1 100 Continue\r\n\r\n");
    await eventually(async () => text() === "HTTP/1.1 100 Continue\r\n\r\n");
    socket.write("abc");
    await eventually(async () => received.endsWith("abc"));
    sockets[0]?.write(OK);
    await eventually(async () => text().endsWith("ok"));
    socket.destroy();
  });

  it("is not sent when the instance answers at once", async () => {
    await start({}, (socket) => socket.write("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"));
    const { text, closed } = client(ASK);
    await closed;
    expect(text()).toMatch(/^HTTP\/1.1 413 No\r\n/);
    expect(text()).not.toContain("100 Continue");
  });

  it("times out when the instance says nothing", async () => {
    await start({ headersMs: 300 }, () => undefined);
    const { text, closed } = client(ASK);
    await closed;
    expect(text()).toMatch(/^HTTP\/1.1 504 /);
  });
});

it("passes on early hints and trailers, both ways", async () => {
  await start({}, () => undefined);
  const { socket, text } = client(
    "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nHost: b\r\n\r\n",
  );
  await eventually(async () => received.endsWith("0\r\nX-Sum: 1\r\n\r\n"));
  expect(heads[0]).toMatch(/\r\nTrailer: X-Sum\r\n/);
  sockets[0]?.write("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nConnection: close\r\n\r\n");
  await eventually(async () => text().includes("\r\n\r\n"));
  expect(text()).toBe("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n");
  sockets[0]?.write(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: \xe9\r\nContent-Length: 9\r\n\r\n",
    "latin1",
  );
  await eventually(async () => text().endsWith("0\r\nX-T: \xe9\r\n\r\n"));
  expect(text()).toMatch(/\r\nTrailer: X-T\r\n/);
  expect(counted()).toMatchObject({ requests: 1, status2xx: 1 });
  socket.destroy();
});

it.each([
  ["431", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, "head_too_large"],
  ["400", "GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", "bad_request"],
  ["400", "\0\x01\x02\r\n\r\n", "bad_request"],
])("answers %s to what is no request", async (status, text_, code) => {
  await start({}, (socket) => socket.write(OK));
  const { text, closed } = client(text_);
  await closed;
  expect(text()).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*\\r\\n\\r\\n\\{"error":\\{"code":"${code}"`));
  expect(heads).toEqual([]);
});

it("is set for each service in the configuration, with a default for each key", () => {
  const service = { name: "shop", environments: {}, local: { command: ["x"], versions: [{ version: "1" }] } };
  expect(ServiceSchema.parse(service).local.balancer).toEqual({
    ...{ connectTimeoutMs: 2_000, responseTimeoutMs: 60_000, idleTimeoutMs: 300_000, streamIdleTimeoutMs: 3_600_000 },
    ...{ queueTimeoutMs: 10_000, requestTimeoutMs: 3_600_000, keepAliveTimeoutMs: 65_000 },
    ...{ headTimeoutMs: 60_000, clientIdleTimeoutMs: 120_000, instanceIdleTimeoutMs: 4_000 },
    ...{ maxConnections: 256, maxStreams: 1_000 },
    ...{ maxUpgraded: 1_000, trustedProxies: [] },
  });
  const wrong = { ...service, local: { ...service.local, balancer: { trustedProxies: ["10.0.0.0/33"] } } };
  expect(ServiceSchema.safeParse(wrong).error?.message).toContain("an IP address, as 127.0.0.1, or a network");
});
