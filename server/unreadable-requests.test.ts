import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answerUnreadable } from "./unreadable-requests.ts";

let server: Server;
beforeEach(async () => {
  server = createServer({ connectionsCheckingInterval: 50 }, (request, response) => {
    if (request.url === "/early") response.end("early");
    else request.resume().on("end", () => response.end("read"));
  });
  answerUnreadable(server);
  server.headersTimeout = 300;
  server.requestTimeout = 300;
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterEach(() => void server.close().closeAllConnections());

/** All that comes back until the server closes. */
async function told(text: string, end: boolean): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => undefined);
  let answer = "";
  socket.setEncoding("latin1").on("data", (data: string) => {
    answer += data;
  });
  socket.write(text);
  if (end) socket.end();
  await once(socket, "close");
  return answer;
}
const post = (headers: string, body = "", path = "/"): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`;

describe("a request that cannot be read is answered with why", () => {
  it.each([
    ["a body that breaks off", post("Content-Length: 100", "{"), true, 400],
    ["chunks that break off", post("Transfer-Encoding: chunked", "5\r\nab"), true, 400],
    ["a bad size of a chunk", post("Transfer-Encoding: chunked", "zz\r\nab\r\n"), false, 400],
    ["two lengths", post("Content-Length: 1\r\nContent-Length: 2", "ab"), false, 400],
    ["a length and chunks", post("Content-Length: 1\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), false, 400],
    ["a negative length", post("Content-Length: -1"), false, 400],
    ["no HTTP", "hello\r\n\r\n", false, 400],
    ["a head without an end", "GET / HTTP/1.1\r\nHost: a\r\n", false, 408],
    ["a body that never comes", post("Content-Length: 100"), false, 408],
    ["a head of 40 KB", post(`X: ${"a".repeat(40_000)}`), false, 431],
  ])("%s", async (_, text, end, status) => {
    const answer = await told(text, end);
    expect(answer).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*Connection: close[\\s\\S]*\\{"code":"INVALID","message":"The \\w+`),
    );
  });
});

it("gives one answer to one request, also to one that goes on after its answer", async () => {
  const answer = await told(post("Content-Length: 100", "{", "/early"), false);
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(answer).toContain("early");
});
