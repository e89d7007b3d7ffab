import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { behindBalancer } from "#server/testing/local-platform/raw-instance.ts";
import type { Balancer } from "./balancer.ts";
import type { Target } from "./exchange-host.ts";

/** Connections that change their protocol: WebSocket and others. */

let balancer: Balancer;
let port: number;
let target: Target;
/** heads that the instance got */
let heads: string[];
let answer: (socket: Socket, head: string) => void;
let close: () => Promise<void>;

/** Changes the protocol, and then says everything back in upper case. */
const shout = (socket: Socket): void => {
  socket.write("HTTP/1.1 101 Mud\xe9\r\nUpgrade: WebSocket\r\nconnection: upgrade\r\nX-A: \xe9\r\n\r\nhello", "latin1");
  socket.on("data", (chunk) => socket.write(chunk.toString("latin1").toUpperCase(), "latin1"));
  socket.on("end", () => socket.end("bye"));
};

beforeEach(async () => {
  heads = [];
  answer = shout;
  const serve = (socket: Socket) =>
    socket.once("data", (chunk) => {
      heads.push(chunk.toString("latin1"));
      answer(socket, chunk.toString("latin1"));
    });
  ({ balancer, port, target, close } = await behindBalancer(serve, {
    balancer: { maxUpgraded: 3, streamMs: 700, headersMs: 1_000 },
    instance: { allowHalfOpen: true },
  }));
});
afterEach(() => close());

const ASK =
  "GET /chat HTTP/1.1\r\nHost: shop\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";

function client(request = ASK) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  const ended = new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
  socket.write(request, "latin1");
  return { socket, text: () => text, ended };
}

const counted = () => sumOutcomes(balancer.samplesSince(0, Date.now() + 20_000));

describe("an upgraded connection", () => {
  it("passes bytes both ways, is counted once and is in flight until it ends", async () => {
    const { socket, text, ended } = client(`${ASK}early`);
    await eventually(async () => text().includes("EARLY"));
    expect(text()).toMatch(/^HTTP\/1.1 101 Mud\xe9\r\n/);
    expect(text()).toMatch(/\r\nConnection: Upgrade\r\n/);
    expect(text()).toMatch(/\r\nUpgrade: WebSocket\r\n/);
    expect(text()).toMatch(/\r\nX-A: \xe9\r\n/);
    expect(text()).toContain("\r\n\r\nhelloEARLY");
    expect(heads[0]).toMatch(/^GET \/chat HTTP\/1.1\r\n/);
    expect(heads[0]).toMatch(/\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
    expect(heads[0]).toContain("Sec-WebSocket-Key: x\r\n");
    socket.write("more\xe9", "latin1");
    await eventually(async () => text().endsWith("MORE\xc9"));
    expect(target.inFlight).toBe(1);
    // who has said all still hears the rest
    socket.end();
    await ended;
    expect(text()).toMatch(/bye$/);
    await eventually(async () => target.inFlight === 0);
    expect(counted()).toMatchObject({ requests: 1, upgraded: 1 });
    expect(counted().latency.reduce((a, b) => a + b, 0)).toBe(1);
  });

  it("passes on much more than any buffer holds", async () => {
    const { socket, text } = client();
    await eventually(async () => text().includes("hello"));
    const before = text().length;
    socket.write(Buffer.alloc(5_000_000, "x"));
    await eventually(async () => text().length === before + 5_000_000);
    socket.destroy();
    await eventually(async () => target.inFlight === 0);
  });

  it("ends when the instance ends it, when nothing comes for long, and when the client leaves", async () => {
    const idle = client();
    await idle.ended;
    expect(idle.text()).toContain("hello");
    await eventually(async () => target.inFlight === 0);
    answer = (socket) => socket.end("HTTP/1.1 101 Go\r\nupgrade: x\r\n\r\nlast");
    const ended = client();
    await ended.ended;
    expect(ended.text()).toMatch(/last$/);
    ended.socket.destroy();
    answer = shout;
    const left = client();
    await eventually(async () => left.text().includes("hello"));
    left.socket.resetAndDestroy();
    await eventually(async () => target.inFlight === 0);
    expect(counted()).toMatchObject({ requests: 3, upgraded: 3 });
  });

  it("outlives the end of the drain, and is cut with the pool", async () => {
    const { socket, text, ended } = client();
    await eventually(async () => text().includes("hello"));
    balancer.rotation.update([], null);
    expect(target.inFlight).toBe(1);
    const closed = target.pool.close();
    socket.write("still there");
    await eventually(async () => text().endsWith("STILL THERE"));
    await target.pool.destroy();
    await Promise.all([closed, ended]);
    await eventually(async () => target.inFlight === 0);
  });

  it("is cut when the balancer closes", async () => {
    const { text, ended } = client();
    await eventually(async () => text().includes("hello"));
    await balancer.close(100);
    await ended;
    await eventually(async () => target.inFlight === 0);
  });
});

describe("an upgraded connection that the instance ends at once", () => {
  const HEAD = "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  const closing = (code: number, reason = "") => {
    const frame = Buffer.from([0x88, 2 + reason.length, code >> 8, code & 0xff]);
    return Buffer.concat([Buffer.from(HEAD), Buffer.from([0x81, 2, 0x88, 0x02]), frame, Buffer.from(reason)]);
  };
  const sends = (bytes: string | Buffer) => (socket: Socket) => socket.end(bytes);

  it.each<[string, (socket: Socket) => void, "upgraded" | "brokenOff"]>([
    ["without a word", sends(HEAD), "brokenOff"],
    ["by a reset", (socket) => socket.write(HEAD, () => socket.resetAndDestroy()), "brokenOff"],
    ["after a message, without a close frame", sends(`${HEAD}\x81\x02hi`), "brokenOff"],
    ["because of an error of its own", sends(closing(1011)), "brokenOff"],
    ["in good order", sends(closing(1000, "bye")), "upgraded"],
    ["in good order, without a code", sends(Buffer.concat([Buffer.from(HEAD), Buffer.from([0x88, 0])])), "upgraded"],
    ["because it is going away", sends(closing(1001)), "upgraded"],
    ["by a code of the application", sends(closing(4001, "no such room")), "upgraded"],
    ["without a word, of another protocol", sends(HEAD.replace("websocket", "x")), "brokenOff"],
    ["with an answer, of another protocol", sends(`${HEAD.replace("websocket", "x")}last`), "upgraded"],
  ])("%s", async (_, answered, outcome) => {
    answer = answered;
    const { socket, ended } = client();
    await ended;
    socket.destroy();
    await eventually(async () => counted().requests === 1);
    expect(counted()[outcome]).toBe(1);
    await eventually(async () => target.inFlight === 0);
  });

  it.each<[string, number, (socket: Socket) => void, (socket: Socket) => void, "upgraded" | "brokenOff"]>([
    ["the client ends because of its error", 1011, () => {}, (socket) => socket.end(), "brokenOff"],
    ["the client resets because of its error", 1002, () => {}, (socket) => socket.resetAndDestroy(), "brokenOff"],
    ["nobody ends after its error", 1013, () => {}, () => {}, "brokenOff"],
    ["the client ends in good order", 1000, () => {}, (socket) => socket.end(), "upgraded"],
    ["the client ends as the application has it", 4001, () => {}, (socket) => socket.end(), "upgraded"],
    ["it resets after an end in good order", 1000, (socket) => socket.resetAndDestroy(), () => {}, "upgraded"],
    ["it resets after an error", 1011, (socket) => socket.resetAndDestroy(), () => {}, "brokenOff"],
  ])("by its last frame: %s", async (_, code, ofInstance, ofClient, outcome) => {
    let instance: Socket | undefined;
    answer = (socket) => {
      instance = socket;
      socket.write(closing(code));
    };
    const { socket, text } = client();
    await eventually(async () => text().length >= closing(code).length && text().includes("\x88\x02"));
    if (instance !== undefined) ofInstance(instance);
    ofClient(socket);
    await eventually(async () => counted().requests === 1);
    expect(counted()[outcome]).toBe(1);
  });

  it("is upgraded when the client ended it first, or when it has lasted", async () => {
    answer = (socket) => {
      socket.write(HEAD);
      socket.on("end", () => socket.resetAndDestroy());
    };
    const left = client();
    await eventually(async () => left.text().includes("101"));
    left.socket.end();
    await eventually(async () => counted().requests === 1);
    answer = (socket) => {
      socket.write(HEAD);
      const talk = setInterval(() => socket.write("x"), 100);
      setTimeout(() => socket.resetAndDestroy(), 1_500);
      socket.on("close", () => clearInterval(talk));
    };
    const lasted = client();
    await lasted.ended;
    await eventually(async () => target.inFlight === 0);
    expect(counted()).toMatchObject({ requests: 2, upgraded: 2 });
  });
});

describe("a request for an upgrade", () => {
  it("that is refused gets the instance's answer", async () => {
    answer = (socket) => socket.write("HTTP/1.1 403 No\r\ncontent-length: 5\r\nx-b: 1\r\n\r\nnever");
    const { text, ended } = client();
    await ended;
    expect(text()).toMatch(/^HTTP\/1.1 403 No\r\n[\s\S]*never$/);
    expect(counted()).toMatchObject({ requests: 1, status4xx: 1, upgraded: 0 });
    expect(target.inFlight).toBe(0);
  });

  it.each([
    ["has a body", ASK.replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\nabc")],
    ["is for h2c", ASK.replace("websocket", "h2c")],
  ])("that %s is passed on as an ordinary one", async (_, request) => {
    answer = (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    const { socket, text } = client(request);
    await eventually(async () => text().endsWith("ok"));
    expect(heads[0]).not.toMatch(/upgrade:/i);
    socket.destroy();
  });

  it("that nobody answers times out, and whoever leaves before has left", async () => {
    answer = () => undefined;
    const left = client();
    await eventually(async () => heads.length === 1);
    left.socket.destroy();
    await eventually(async () => counted().clientLeft === 1);
    const patient = client();
    await patient.ended;
    expect(patient.text()).toMatch(/^HTTP\/1.1 504 /);
    expect(counted()).toMatchObject({ requests: 2, clientLeft: 1, timedOut: 1 });
    expect(target.inFlight).toBe(0);
  });

  it("beyond the most there may be is turned away", async () => {
    const all = Array.from({ length: 3 }, () => client());
    await eventually(async () => all.every(({ text }) => text().includes("hello")));
    const next = client();
    await next.ended;
    expect(next.text()).toMatch(/^HTTP\/1.1 503 [\s\S]*\r\nretry-after: 5\r\n/i);
    for (const { socket } of all) socket.destroy();
    await eventually(async () => target.inFlight === 0);
    expect(counted()).toMatchObject({ upgraded: 3, refused: 1 });
    const again = client();
    await eventually(async () => again.text().includes("hello"));
    again.socket.destroy();
  });
});

it("refuses CONNECT and says why", async () => {
  const { text, ended } = client("CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\n\r\n");
  await ended;
  expect(text()).toMatch(/^HTTP\/1.1 501 Not Implemented\r\n[\s\S]*CONNECT is not supported/);
  expect(heads).toEqual([]);
});

it("does not take a change of protocol that nobody asked for", async () => {
  const { text, ended } = client("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await ended;
  expect(text()).toMatch(/^HTTP\/1.1 502 /);
});
