import { once } from "node:events";
import { Agent, createServer, get, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { countedByVersion } from "#server/testing/local-platform/raw-instance.ts";
import { freePort } from "../instance/free-port.ts";
import { Balancer } from "./balancer.ts";
import type { Target } from "./exchange-host.ts";

let balancer: Balancer;
let url: string;
let refused: string[];
let closers: (() => void)[];

beforeEach(async () => {
  refused = [];
  closers = [];
  const observer = { currentVersion: () => "1", refused: (id: string) => refused.push(id) };
  balancer = new Balancer({ service: "web", environment: "staging" }, observer, { headersMs: 400, connectMs: 500 });
  url = `http://127.0.0.1:${await balancer.listen(0)}`;
});
afterEach(async () => {
  await balancer.close(0);
  for (const close of closers) close();
});

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

async function serve(listener: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: portOf(server) };
}

async function target(listener: RequestListener, id = "a", version = "1"): Promise<Target> {
  const { port } = await serve(listener);
  return balancer.createTarget(id, version, port);
}

const answering =
  (text: string): RequestListener =>
  (_, response) =>
    response.end(text);
const rotate = (targets: Target[], weights: Record<string, number> | null = null) =>
  balancer.rotation.update(targets, weights);
const textOf = async (path = "/", init?: RequestInit) => (await fetch(url + path, init)).text();
const counted = () => countedByVersion(balancer);

describe("passing on", () => {
  it.each([
    { name: "nothing", length: 0 },
    { name: "a small body", length: 10 },
    { name: "a body far larger than any buffer", length: 5_000_000 },
  ])("passes $name both ways", async ({ length }) => {
    rotate([await target((incoming, response) => incoming.pipe(response))]);
    const body = Buffer.alloc(length, "x");
    expect(Buffer.from(await (await fetch(url, { method: "POST", body })).arrayBuffer()).equals(body)).toBe(true);
  });

  it("passes a chunked body and streams the answer while it is made", async () => {
    rotate([
      await target((incoming, response) =>
        incoming.on("data", (chunk) => response.write(chunk)).on("end", () => response.end()),
      ),
    ]);
    const outgoing = request(url, { method: "POST" });
    outgoing.write("first");
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    const [first] = await once(response, "data");
    expect(String(first)).toBe("first");
    outgoing.end("second");
    const [second] = await once(response, "data");
    expect(String(second)).toBe("second");
  });

  it("keeps status, repeated headers and the path with its query", async () => {
    rotate([
      await target((incoming, response) => {
        response.writeHead(
          418,
          "Teapot",
          [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
            ["x-path", incoming.url ?? ""],
          ].flat(),
        );
        response.end();
      }),
    ]);
    const response = await fetch(`${url}/a%20b?c=d&c=e`);
    expect([
      response.status,
      response.statusText,
      response.headers.getSetCookie(),
      response.headers.get("x-path"),
    ]).toEqual([418, "Teapot", ["a=1", "b=2"], "/a%20b?c=d&c=e"]);
  });

  it("takes out what belongs to one connection and says who asked", async () => {
    let seen: IncomingMessage["headers"] = {};
    rotate([
      await target((incoming, response) => {
        seen = incoming.headers;
        response.writeHead(200, {
          connection: "x-internal",
          "x-internal": "1",
          "x-public": "1",
          "proxy-authenticate": "Basic",
        });
        response.end("ok");
      }),
    ]);
    const outgoing = get(url, {
      headers: {
        host: "shop.example",
        connection: "close, x-mine",
        "x-mine": "1",
        te: "trailers",
        "x-forwarded-for": "10.0.0.1",
      },
    });
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    response.resume();
    expect(seen).toMatchObject({
      host: "shop.example",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "shop.example",
      "x-forwarded-proto": "http",
    });
    expect(seen).not.toHaveProperty("x-mine");
    // the balancer takes trailers, so it says so itself
    expect(seen).toMatchObject({ te: "trailers", connection: "keep-alive, te" });
    for (const name of ["x-internal", "proxy-authenticate"]) expect(response.headers).not.toHaveProperty(name);
    expect(response.headers["x-public"]).toBe("1");
  });

  it.each([
    { method: "HEAD", status: 200 },
    { method: "GET", status: 204 },
    { method: "GET", status: 304 },
    { method: "OPTIONS", status: 200 },
  ])("answers $method with $status and no body", async ({ method, status }) => {
    rotate([
      await target((_, response) => {
        response.writeHead(status, method === "HEAD" ? { "content-length": "5" } : {});
        response.end();
      }),
    ]);
    const response = await fetch(url, { method });
    expect([response.status, await response.text()]).toEqual([status, ""]);
    expect(balancer.rotation.candidates[0]?.inFlight).toBe(0);
  });
});

describe("choosing", () => {
  it("splits requests by weight", async () => {
    rotate([await target(answering("1"), "a", "1"), await target(answering("2"), "b", "2")], { 1: 80, 2: 20 });
    const texts: string[] = [];
    // few at a time: a busy machine takes so long for all that some would be tried a second time
    for (let i = 0; i < 20; i++) texts.push(...(await Promise.all(Array.from({ length: 10 }, () => textOf()))));
    expect(texts.filter((text) => text === "2")).toHaveLength(40);
  });

  it("sends nothing more to an instance taken out, not even on a connection kept alive", async () => {
    const [a, b] = [await target(answering("a"), "a"), await target(answering("b"), "b")];
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async () => {
      const [response] = (await once(get(url, { agent }), "response")) as [IncomingMessage];
      return String(Buffer.concat(await response.toArray()));
    };
    rotate([a, b]);
    const before = new Set([await ask(), await ask(), await ask(), await ask()]);
    expect(before).toEqual(new Set(["a", "b"]));
    rotate([b]);
    for (let i = 0; i < 5; i++) expect(await ask()).toBe("b");
    agent.destroy();
  });
});

describe("when an instance fails", () => {
  const nobody = async (id: string) => balancer.createTarget(id, "1", await freePort());

  it("tries another when the connection is refused", async () => {
    rotate([await nobody("dead"), await target(answering("alive"), "alive"), await nobody("dead too")]);
    for (let i = 0; i < 20; i++) expect(await textOf("/", { method: "PUT" })).toBe("alive");
    expect(refused).toContain("dead");
    expect(counted()[0]).toMatchObject({ requests: 20, status2xx: 20 });
  });

  it.each([
    { method: "GET", body: null, expected: 502 },
    { method: "POST", body: null, expected: 502 },
    { method: "PUT", body: "x", expected: 502 },
  ])(
    "$method with body $body over a new connection lost without an answer: $expected",
    async ({ method, body, expected }) => {
      const breaking = createTcpServer((socket) => socket.once("data", () => socket.destroy())).listen(0, "127.0.0.1");
      await once(breaking, "listening");
      closers.push(() => breaking.close());
      // The busy one is taken only when the other was tried.
      const alive = await target(
        (incoming, response) => incoming.resume().on("end", () => response.end("ok")),
        "alive",
      );
      alive.inFlight = 1;
      rotate([balancer.createTarget("breaking", "1", portOf(breaking)), alive]);
      expect((await fetch(url, { method, body })).status).toBe(expected);
    },
  );

  it("does not repeat a body, and still answers the one who sent it", async () => {
    rotate([await nobody("dead")]);
    const response = await fetch(url, { method: "POST", body: Buffer.alloc(300_000) });
    expect([response.status, await response.json()]).toMatchObject([502, { error: { code: "instance_unreachable" } }]);
  });

  it("says 502 when nobody takes the connection, 503 when nobody is ready, and counts both", async () => {
    rotate([await nobody("dead")]);
    const unreachable = await fetch(url);
    expect([unreachable.status, await unreachable.json()]).toMatchObject([
      502,
      { error: { code: "instance_unreachable" } },
    ]);
    rotate([]);
    const notReady = await fetch(url, { method: "POST", body: "unread" });
    expect([notReady.status, await notReady.json()]).toMatchObject([503, { error: { code: "no_ready_instance" } }]);
    expect(counted()).toMatchObject([{ version: "1", requests: 2, refused: 2, status5xx: 0 }]);
  });

  it("says 504 when the answer does not begin in time", async () => {
    rotate([await target(() => undefined)]);
    const response = await fetch(url);
    expect([response.status, await response.json()]).toMatchObject([504, { error: { code: "instance_timeout" } }]);
    expect(counted()).toMatchObject([{ timedOut: 1, status5xx: 0 }]);
  });

  it("cuts the client's connection when an answer breaks off, and counts it as broken off", async () => {
    rotate([
      await target((_, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("half");
        setTimeout(() => response.destroy(), 20);
      }),
    ]);
    const response = await fetch(url);
    await expect(response.text()).rejects.toThrow();
    await eventually(async () => counted()[0]?.brokenOff === 1);
    expect(balancer.rotation.candidates[0]?.inFlight).toBe(0);
  });
});

describe("the client's end", () => {
  it("cancels the request to the instance when the client goes away, and counts it with its wait", async () => {
    let cancelled = false;
    let arrived = false;
    const slow = await target((_, response) => {
      arrived = true;
      response.on("close", () => {
        cancelled = true;
      });
    });
    rotate([slow]);
    const abort = new AbortController();
    const gone = fetch(url, { signal: abort.signal }).catch(() => "gone");
    await eventually(async () => arrived);
    expect(slow.inFlight).toBe(1);
    abort.abort();
    expect(await gone).toBe("gone");
    await eventually(async () => cancelled && slow.inFlight === 0);
    const [row] = counted();
    expect(row).toMatchObject({ requests: 1, clientLeft: 1 });
    expect(row?.leftAfter.reduce((a, b) => a + b)).toBe(1);
  });

  it("holds back an instance that sends faster than the client reads", async () => {
    let sent = 0;
    rotate([
      await target((_, response) => {
        const blocks = function* () {
          for (let i = 0; i < 1_000; i++) {
            sent += 64 * 1024;
            yield Buffer.alloc(64 * 1024);
          }
        };
        Readable.from(blocks()).pipe(response);
      }),
    ]);
    const [response] = (await once(get(url), "response")) as [IncomingMessage];
    response.pause();
    let before = -1;
    await eventually(async () => {
      await sleep(100);
      const still = sent === before;
      before = sent;
      return still;
    });
    expect(sent).toBeLessThan(40_000_000);
    response.destroy();
  });

  it("finishes what is in flight when it closes, and cuts what takes too long", async () => {
    rotate([
      await target(
        (incoming, response) => void setTimeout(() => response.end("done"), incoming.url === "/short" ? 150 : 350),
      ),
    ]);
    const short = textOf("/short");
    const long = textOf("/long").catch(() => "cut");
    await eventually(async () => balancer.rotation.candidates[0]?.inFlight === 2);
    await balancer.close(250);
    expect([await short, await long]).toEqual(["done", "cut"]);
    await expect(fetch(url)).rejects.toThrow();
  });
});
