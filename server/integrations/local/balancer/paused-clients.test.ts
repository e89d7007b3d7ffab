import type { Socket } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { bucketOf } from "#server/agent/telemetry/histogram.ts";
import { sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { behindBalancer, sendBytes } from "#server/testing/local-platform/raw-instance.ts";
import type { Balancer, BalancerOptions } from "./balancer.ts";
import { ClientConnection } from "./client-connection.ts";

/** Clients of whom nothing more is read, because many of their requests wait: what they are cut for, and what not. */

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
let balancer: Balancer;
let port: number;
/** requests at the instance that it has not answered */
let held: Socket[];
let holds: boolean;
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0)) await close();
});

async function start(options: BalancerOptions = {}): Promise<void> {
  held = [];
  holds = true;
  const opened = await behindBalancer(
    (socket) =>
      socket.on("data", (chunk) => {
        if (!/^GET|34$/.test(chunk.toString("latin1"))) return; // a body that is not complete
        if (holds) held.push(socket);
        else socket.write(OK);
      }),
    { balancer: options },
  );
  ({ balancer, port } = opened);
  closers.push(opened.close);
}

function answerAll(): void {
  holds = false;
  for (const socket of held.splice(0)) socket.write(OK);
}

function client(text: string) {
  const sent = sendBytes(port, text);
  closers.push(() => void sent.socket.destroy());
  return sent;
}

const counted = () => sumOutcomes(balancer.samplesSince(0, Date.now() + 20_000));
const statuses = (text: string): string[] => text.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];

it("counts a connection that is cut for what waits on it as turned away once, and not against the version", async () => {
  await start();
  const startedMs = performance.now();
  const { socket, closed } = client(GET);
  await eventually(async () => held.length === 1 && performance.now() - startedMs > 300);
  const { waiting } = balancer;
  balancer.waiting = (change) => waiting.call(balancer, change) && false;
  socket.write(GET.repeat(200));
  await closed;
  balancer.waiting = waiting;
  await eventually(async () => counted().requests > 0);
  expect(counted()).toMatchObject({ requests: 1, clientLeft: 1 });
  expect(counted().leftAfter[bucketOf(0)]).toBe(1);
  expect(balancer.overloaded()).toMatchObject({ shed: 1 });
  answerAll();
  const again = client(GET);
  await eventually(async () => again.text().endsWith("ok"));
  expect(balancer.waiting(0)).toBe(true);
});

const BODY = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
it.each([
  { name: "a head whose rest never comes has its time and is refused", begun: "GET / HTTP/1.1\r\nHo", rest: null },
  { name: "a head whose rest was there all along is answered", begun: "GET / HTTP/1.1\r\nHo", rest: "st: a\r\n\r\n" },
  { name: "a body whose rest was there all along is answered", begun: `${BODY}12`, rest: "34" },
])("what was late while nothing was read: $name", async ({ begun, rest }) => {
  const told = vi.spyOn(ClientConnection.prototype, "clientError");
  await start({ headMs: 300, requestMs: 300, clientMs: 800 });
  const { socket, text } = client(GET.repeat(19) + begun);
  await eventually(async () => told.mock.calls.length > 0);
  expect(told.mock.calls[0]?.[0].code).toBe("ERR_HTTP_REQUEST_TIMEOUT");
  expect(socket.destroyed).toBe(false);
  if (rest !== null) socket.write(rest);
  answerAll();
  const last = rest === null ? "408" : "200";
  await eventually(async () => statuses(text()).length === 20);
  expect(statuses(text())).toEqual([...Array.from({ length: 19 }, () => "200"), last]);
  if (rest === null) return;
  // nobody is late any more, also when the next request takes its time to come
  const looked = vi.spyOn(ClientConnection.prototype, "check");
  await eventually(async () => looked.mock.calls.length >= 3);
  socket.write(GET);
  await eventually(async () => statuses(text()).length === 21);
  expect(statuses(text()).at(-1)).toBe("200");
});
