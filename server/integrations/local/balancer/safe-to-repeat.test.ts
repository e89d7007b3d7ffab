import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../instance/free-port.ts";
import { Balancer } from "./balancer.ts";
import type { Target } from "./exchange-host.ts";

/** Whether a request is sent again follows from what was sent of it. */

let balancer: Balancer;
let url: string;
let refused: string[];
const closers: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  refused = [];
  const observer = { currentVersion: () => "1", refused: (id: string) => refused.push(id) };
  balancer = new Balancer({ service: "web", environment: "staging" }, observer);
  url = `http://127.0.0.1:${await balancer.listen(0)}`;
});
afterEach(async () => {
  await balancer.close(0);
  for (const close of closers.splice(0)) await close();
});

const portOf = (server: Pick<Server, "address">): number => {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};

function targetAt(id: string, port: number): Target {
  const target = balancer.createTarget(id, "1", port);
  closers.push(() => target.pool.destroy());
  return target;
}

async function serve(listener: RequestListener, keepAliveTimeout = 5_000): Promise<Server> {
  const server = createServer({ keepAliveTimeout }, listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

const echo: RequestListener = (incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => response.end(Buffer.concat(chunks)));
};

describe("a refused connection", () => {
  it.each([
    { method: "POST", length: 0 },
    { method: "POST", length: 10 },
    { method: "PATCH", length: 3_000_000 },
    { method: "PUT", length: 100_000 },
    { method: "DELETE", length: 5 },
  ])("is tried elsewhere for $method with $length bytes", async ({ method, length }) => {
    const alive = targetAt("alive", portOf(await serve(echo)));
    const dead = [targetAt("dead", await freePort()), targetAt("dead too", await freePort())];
    balancer.rotation.update([...dead, alive], null);
    const body = Buffer.alloc(length, "x");
    for (let i = 0; i < 6; i++) {
      const response = await fetch(url, { method, ...(length > 0 && { body }) });
      expect([response.status, Buffer.from(await response.arrayBuffer()).equals(body)]).toEqual([200, true]);
    }
    expect(refused).toContain("dead");
    expect([alive, ...dead].map((one) => one.inFlight)).toEqual([0, 0, 0]);
  });

  it("is tried elsewhere for a body in chunks", async () => {
    balancer.rotation.update([targetAt("dead", await freePort()), targetAt("alive", portOf(await serve(echo)))], null);
    const stream = new ReadableStream({
      async start(controller) {
        for (const part of ["one", "two", "three"]) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    });
    const response = await fetch(url, { method: "POST", body: stream, duplex: "half" } as RequestInit);
    expect(await response.text()).toBe("onetwothree");
  });
});

describe("an instance that closes idle connections", () => {
  /** Without the hint Node gives: the balancer has nothing to go by. */
  const silently: RequestListener = (incoming, response) => {
    response.setHeader("connection", "keep-alive");
    response.setHeader("content-length", "2");
    incoming.resume().on("end", () => response.end("ok"));
  };

  it("after 1 s without saying so fails no POST that comes at about that time", { timeout: 60_000 }, async () => {
    const server = await serve(silently, 1_000);
    balancer.rotation.update([targetAt("a", portOf(server))], null);
    const statuses: number[] = [];
    const askAfter = async (pauseMs: number) => {
      for (let i = 0; i < 4; i++) {
        const response = await fetch(url, { method: "POST", body: "pay" });
        await response.text();
        statuses.push(response.status);
        await sleep(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: 40 }, (_, i) => askAfter(960 + i * 2)));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(statuses).toHaveLength(160);
  });

  it("just when the next request comes fails no POST and no PUT", async () => {
    let asked = 0;
    const server = createTcpServer((socket) => {
      let last = 0;
      socket.on("error", () => undefined);
      socket.on("data", () => {
        asked++;
        // the longer it was idle, the surer it is dead
        if (last > 0 && performance.now() - last > 60) socket.resetAndDestroy();
        else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        last = performance.now();
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => void server.close());
    balancer.rotation.update([targetAt("a", portOf(server))], null);
    const statuses: number[] = [];
    for (const method of ["POST", "PUT", "GET", "POST", "PATCH", "POST", "GET"]) {
      const response = await fetch(url, { method });
      await response.text();
      statuses.push(response.status);
      await sleep(120);
    }
    expect(statuses).toEqual(Array.from({ length: 7 }, () => 200));
    expect(asked).toBeGreaterThanOrEqual(7);
  });

  it("right after each answer, without saying so, fails none either", async () => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => void server.close());
    balancer.rotation.update([targetAt("a", portOf(server))], null);
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const all: number[] = [];
        for (let i = 0; i < 20; i++) {
          const response = await fetch(url, { method: i % 2 === 0 ? "POST" : "GET" });
          await response.text();
          all.push(response.status);
        }
        return all;
      }),
    );
    expect(statuses.flat().filter((status) => status !== 200)).toEqual([]);
  });

  it("and says when is asked no longer than that", async () => {
    let connections = 0;
    const server = await serve((incoming, response) => {
      response.setHeader("keep-alive", "timeout=1");
      silently(incoming, response);
    });
    server.on("connection", () => connections++);
    balancer.rotation.update([targetAt("a", portOf(server))], null);
    for (let i = 0; i < 3; i++) await (await fetch(url)).text();
    expect(connections).toBe(3);
  });
});

it("sends a request that can be repeated once more over a new connection to the same instance", async () => {
  let requests = 0;
  const server = await serve((incoming, response) => {
    // the second request on a connection finds it dead
    if (++requests % 2 === 0) incoming.socket.destroy();
    else response.end("ok");
  });
  balancer.rotation.update([targetAt("a", portOf(server))], null);
  expect(await (await fetch(url)).text()).toBe("ok");
  expect(await (await fetch(url)).text()).toBe("ok");
  expect(requests).toBe(3);
  expect(balancer.trafficSince(0, Date.now() + 20_000)).toMatchObject([{ requests: 2, status2xx: 2 }]);
});
