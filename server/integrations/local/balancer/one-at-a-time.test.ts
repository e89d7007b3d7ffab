import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { behindBalancer, sendBytes } from "#server/testing/local-platform/raw-instance.ts";
import type { Balancer, BalancerOptions } from "./balancer.ts";

/** The requests of one client's connection are taken one at a time, and what follows them after their answers. */

let balancer: Balancer;
let port: number;
/** the paths asked for, in order */
let asked: string[];
/** at the instance at the moment, and at most */
let [open, most] = [0, 0];
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const pathOf = (head: string): string => head.split(" ", 2)[1] ?? "";
const answer = (body: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

async function start(options: BalancerOptions = {}, reply: (path: string) => string = answer, delayMs = 0) {
  asked = [];
  [open, most] = [0, 0];
  const opened = await behindBalancer(
    (socket) =>
      socket.on("data", (chunk) => {
        const path = pathOf(chunk.toString("latin1"));
        asked.push(path);
        open++;
        most = Math.max(most, open);
        const send = () => {
          open--;
          socket.write(reply(path), "latin1");
        };
        if (delayMs === 0) send();
        else setTimeout(send, delayMs);
      }),
    { balancer: options },
  );
  ({ balancer, port } = opened);
  closers.push(opened.close);
}

function client(text: string) {
  const sent = sendBytes(port, text);
  closers.push(() => void sent.socket.destroy());
  return sent;
}

const get = (path: string, headers = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
const UPGRADE = get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nFRAME";
const counted = () => sumOutcomes(balancer.samplesSince(0, Date.now() + 20_000));
/** bodies of `answer` in order, heads and status codes of others */
const seen = (text: string): string[] => text.match(/HTTP\/1\.1 \d+|\/\w+$|\/\w+(?=HTTP)|FRAME/g) ?? [];

describe("requests sent at once", () => {
  it("are each answered in order, one at a time, however many", async () => {
    await start();
    const paths = Array.from({ length: 3_000 }, (_, i) => `/${i}`);
    const { text } = client(paths.map((path) => get(path)).join(""));
    await eventually(async () => text().endsWith("/2999"), 20_000);
    expect(seen(text()).filter((one) => one.startsWith("/"))).toEqual(paths);
    expect(asked).toEqual(paths);
    expect(most).toBe(1);
    expect(counted()).toMatchObject({ requests: 3_000, status2xx: 3_000 });
  }, 30_000);

  it("wait for their turn with their bodies, more of them than one read holds", async () => {
    await start({}, (path) => answer(path), 5);
    const body = "x".repeat(50_000);
    const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const opened = await behindBalancer((socket) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (!text.endsWith(body)) return;
        socket.write(answer(pathOf(text)));
        text = "";
      });
    });
    closers.push(opened.close);
    const { socket, text } = sendBytes(opened.port, ["/a", "/b", "/c", "/d"].map(post).join(""));
    closers.push(() => void socket.destroy());
    await eventually(async () => text().endsWith("/d"));
    expect(seen(text()).filter((one) => one.startsWith("/"))).toEqual(["/a", "/b", "/c", "/d"]);
  });

  it("of one client leave the connections to the instance to others", async () => {
    await start({ maxConnections: 2, queueMs: 5_000 }, answer, 20);
    client(Array.from({ length: 1_500 }, (_, i) => get(`/${i}`)).join(""));
    await eventually(async () => asked.length > 1);
    const { text } = client(get("/other"));
    await eventually(async () => text().endsWith("/other"));
    expect(asked.length).toBeLessThan(200);
    expect(counted().refused).toBe(0);
  });

  it("never have an informational head in the answer before them", async () => {
    const early = "HTTP/1.1 103 Early Hints\r\nlink: </b>\r\n\r\n";
    await start({}, (path) => (path === "/a" ? answer(path) : early + answer(path)), 30);
    const { text } = client(get("/a") + get("/b") + get("/c"));
    await eventually(async () => text().endsWith("/c"));
    const [ok, hints] = ["HTTP/1.1 200", "HTTP/1.1 103"];
    expect(seen(text())).toEqual([ok, "/a", hints, ok, "/b", hints, ok, "/c"]);
  });
});

describe("after the answers that are due", () => {
  it.each([
    ["an upgrade is made", UPGRADE, ["HTTP/1.1 101", "FRAME"], 1],
    ["CONNECT is refused", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", ["HTTP/1.1 501"], 0],
    ["bytes that are no request are", "\x01\x02 garbage\r\n\r\n", ["HTTP/1.1 400"], 0],
    ["a head too large is", get("/big", `x: ${"y".repeat(20_000)}\r\n`), ["HTTP/1.1 431"], 0],
    [
      "a body that is none is",
      "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      ["HTTP/1.1 400"],
      0,
    ],
  ])("%s", async (_, last, expected, upgraded) => {
    await start({}, (path) => (path === "/ws" ? SWITCH : answer(path)), 100);
    const { socket, text } = client(get("/a") + get("/b") + last);
    await eventually(async () => seen(text()).length >= 4 + expected.length);
    expect(seen(text())).toEqual(["HTTP/1.1 200", "/a", "HTTP/1.1 200", "/b", ...expected]);
    socket.destroy();
    await eventually(async () => counted().requests === 2 + upgraded);
    expect(counted()).toMatchObject({ status2xx: 2, upgraded });
    const again = client(get("/again"));
    await eventually(async () => again.text().endsWith("/again"));
  });

  it("an upgrade waits for an answer larger than the kernel holds, and passes on what came early", async () => {
    const size = 12_000_000;
    let received = "";
    const opened = await behindBalancer((socket) =>
      socket.on("data", (chunk) => {
        const text = chunk.toString("latin1");
        if (text.startsWith("GET /a")) socket.write(answer("x".repeat(size)));
        else if (text.startsWith("GET /ws")) socket.write(SWITCH);
        else received += text;
      }),
    );
    closers.push(opened.close);
    const { socket, text } = sendBytes(opened.port, `${get("/a")}${UPGRADE}`);
    closers.push(() => void socket.destroy());
    socket.pause();
    socket.write("early");
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.resume();
    await eventually(async () => text().endsWith("FRAME"));
    expect(text().indexOf("HTTP/1.1 101")).toBeGreaterThan(size);
    await eventually(async () => received === "early");
  });

  it.each([
    ["an upgrade", UPGRADE],
    ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["bad bytes", "\x01\r\n"],
  ])("nothing is left of %s whose client resets the connection", async (_, last) => {
    await start({}, answer, 200);
    for (let i = 0; i < 20; i++) {
      const { socket } = client(get("/a") + last);
      socket.once("connect", () => setTimeout(() => socket.resetAndDestroy(), i * 3));
    }
    await eventually(async () => asked.length > 0 && open === 0);
    const again = client(get("/again"));
    await eventually(async () => again.text().endsWith("/again"));
  });
});

it("cuts clients that send more requests at once than can be held for all of them, and serves others", async () => {
  asked = [];
  const opened = await behindBalancer((socket) =>
    socket.on("data", (chunk) => {
      asked.push(pathOf(chunk.toString("latin1")));
      if (asked.at(-1) === "/other") socket.write(answer("/other"));
    }),
  );
  ({ balancer, port } = opened);
  closers.push(opened.close);
  const many = get("/hangs").repeat(1_500);
  let closed = 0;
  for (let i = 0; i < 8; i++) client(many).socket.once("close", () => closed++);
  await eventually(async () => closed >= 2);
  expect(balancer.overloaded()).toMatchObject({ shed: expect.any(Number) });
  const { text } = client(get("/other"));
  await eventually(async () => text().endsWith("/other"));
  expect(closed).toBeLessThan(8);
});

it.each(["record", "settled", "begin", "waiting"] as const)(
  "goes on when %s throws, counts that, and ends the connection it happened on",
  async (method) => {
    await start();
    const faults: unknown[] = [];
    balancer.fault = (error: unknown) => void faults.push(error);
    const original = balancer[method];
    Object.assign(balancer, {
      [method]: () => {
        throw new Error(`thrown by ${method}`);
      },
    });
    const { socket } = client(get("/a") + get("/b"));
    await eventually(async () => faults.length > 0);
    Object.assign(balancer, { [method]: original });
    const { text } = client(get("/again"));
    await eventually(async () => text().endsWith("/again"));
    await eventually(async () => socket.destroyed);
  },
);

describe("a client that reads nothing", () => {
  async function stuck(text: string): Promise<Socket> {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    closers.push(() => void socket.destroy());
    socket.pause();
    await once(socket, "connect");
    socket.write(text);
    return socket;
  }
  const connections = () => process.getActiveResourcesInfo().filter((one) => one === "TCPSocketWrap").length;

  it.each([
    ["many answers", 40_000, 1_000],
    ["one answer that is complete", 4_500_000, 1],
    ["a few", 3_000_000, 4],
  ])("is cut after the time that is set: %s", async (_, size, count) => {
    await start({ clientMs: 300 }, () => answer("x".repeat(size)));
    const before = connections();
    const socket = await stuck(get("/a").repeat(count));
    // who had its answer, and who waited behind it
    await eventually(async () => counted()[count === 1 ? "status2xx" : "clientLeft"] > 0);
    expect(counted().refused).toBe(0);
    socket.destroy();
    await eventually(async () => connections() <= before + 1);
    expect(asked.length).toBeLessThan(400);
  });

  it("is not cut while it takes some now and then", async () => {
    const size = 16_000_000;
    await start({ clientMs: 500 }, () => answer("x".repeat(size)));
    const socket = await stuck(get("/a"));
    let [got, wanted] = [0, 0];
    let closed = false;
    socket.once("close", () => {
      closed = true;
    });
    socket.on("data", (chunk) => {
      got += chunk.length;
      if (got > wanted) socket.pause();
    });
    while (got < size && !closed) {
      wanted = got + 2_000_000;
      socket.resume();
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(got).toBeGreaterThan(size);
    await eventually(async () => counted().status2xx === 1);
  });
});
