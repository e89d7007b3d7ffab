import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { behindBalancer } from "#server/testing/local-platform/raw-instance.ts";
import type { Balancer } from "./balancer.ts";
import type { Target } from "./exchange-host.ts";

/** What clients may expect of the connection between them and the balancer. */

let balancer: Balancer;
let port: number;
let target: Target;
/** the instance's side of each connection that a request came in on, with the request */
let asked: { socket: Socket; text: string }[];
let close: () => Promise<void>;

beforeEach(async () => {
  asked = [];
  ({ balancer, port, target, close } = await behindBalancer((socket) => {
    const seen = { socket, text: "" };
    socket.on("data", (chunk) => {
      if (seen.text === "") asked.push(seen);
      seen.text += chunk.toString("latin1");
    });
  }));
});
afterEach(() => close());

interface Client {
  socket: Socket;
  text(): string;
  closed: Promise<unknown>;
}

function client(request: string, allowHalfOpen = true): Client {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen }).on("error", () => undefined);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  const closed = new Promise((resolve) => socket.once("end", () => resolve(socket.end())).once("close", resolve));
  socket.write(request, "latin1");
  return { socket, text: () => text, closed };
}

const counted = () => sumOutcomes(balancer.samplesSince(0, Date.now() + 20_000));
async function firstAsked() {
  await eventually(async () => asked.length > 0);
  return asked[0]!;
}

describe("a response head", () => {
  it.each([
    ["of an event stream", "content-type: text/event-stream\r\n"],
    ["with a length", "content-length: 5\r\nx-name: Jos\xe9\r\n"],
    ["before chunks", "transfer-encoding: chunked\r\n"],
  ])("%s reaches the client before the first byte of the body", async (_, headers) => {
    const { socket, text } = client("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const instance = await firstAsked();
    instance.socket.write(`HTTP/1.1 200 F\xe9in\r\n${headers}\r\n`, "latin1");
    await eventually(async () => text().includes("\r\n\r\n"));
    expect(text().startsWith("HTTP/1.1 200 F\xe9in\r\n")).toBe(true);
    expect(text().toLowerCase()).toContain(headers.split("\r\n")[0]);
    socket.destroy();
  });
});

describe("a client that closes its sending side", () => {
  it.each([
    ["a GET", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"],
    ["a GET of HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"],
    ["a POST with its body", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc"],
    ["chunks", "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
  ])("after %s gets its answer, however late, and its connection is closed", async (_, request) => {
    const { socket, text, closed } = client(request);
    socket.end();
    const instance = await firstAsked();
    await new Promise((resolve) => setTimeout(resolve, 700));
    instance.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    await closed;
    expect(text()).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\nok$/);
    expect(counted()).toMatchObject({ requests: 1, status2xx: 1 });
  });

  it("and then leaves has left, also if it was half closed for a while", async () => {
    const { socket } = client("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    socket.end();
    const instance = await firstAsked();
    const gone = once(instance.socket, "close");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(counted().requests).toBe(0);
    socket.destroy();
    await gone;
    await eventually(async () => target.inFlight === 0);
    expect(counted()).toMatchObject({ requests: 1, clientLeft: 1 });
  });

  it("in the middle of its body has left", async () => {
    const { socket } = client("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc");
    await firstAsked();
    socket.end();
    await eventually(async () => counted().clientLeft === 1);
    expect(target.inFlight).toBe(0);
  });
});

it.each([
  ["twice the same", "Host: a\r\nHost: a\r\n"],
  ["two names", "Host: a\r\nhOST: b\r\n"],
  ["one that is empty", "Host: a\r\nHost:\r\n"],
])("refuses two Host headers: %s", async (_, headers) => {
  const { text, closed } = client(`GET / HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
  await closed;
  expect(text()).toMatch(/^HTTP\/1.1 400 /);
  expect(text()).toContain("more than one Host header");
  expect(asked).toHaveLength(0);
  expect(counted()).toMatchObject({ requests: 1, status4xx: 1 });
});
