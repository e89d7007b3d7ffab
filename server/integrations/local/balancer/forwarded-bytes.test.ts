import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { behindBalancer } from "#server/testing/local-platform/raw-instance.ts";

/** What instances and clients send is passed on byte for byte, both ways. */

let port: number;
let answer: string;
let received: string;
let close: () => Promise<void>;

beforeEach(async () => {
  received = "";
  ({ port, close } = await behindBalancer((socket) =>
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (received.includes("\r\n\r\n")) socket.end(answer, "latin1");
    }),
  ));
});
afterEach(() => close());

/** @returns what the client gets, one character a byte */
async function ask(headers = "", method = "GET", body = ""): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.write(
    Buffer.from(`${method} /p?q=%20 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n${headers}\r\n${body}`, "latin1"),
  );
  await once(socket, "close");
  return text;
}

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");

it.each([
  [
    "a transfer coding that the client would have to be told",
    "Transfer-Encoding: gzip, chunked\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\n\r\n",
  ],
  ["a size of a chunk that is no number", "Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n"],
])("answers 502 in the place of %s", async (_, rest) => {
  answer = `HTTP/1.1 200 OK\r\n${rest}`;
  expect(await ask()).toMatch(/^HTTP\/1.1 502 [\s\S]*"instance_unreachable"/);
});

it("writes an answer whose lines end with a line feed alone as they ought to end", async () => {
  answer = "HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\nok";
  expect(await ask()).toMatch(/^HTTP\/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n(?:[^\n]*\r\n)+\r\nok$/);
});

it("says with 426 which protocol is asked for", async () => {
  answer = "HTTP/1.1 426 No\r\nConnection: Upgrade\r\nUpgrade: h2, websocket\r\nContent-Length: 0\r\n\r\n";
  expect(await ask()).toMatch(/\r\nconnection: upgrade, close\r\nupgrade: h2, websocket\r\n/);
});

it("keeps an instance from setting the console's cookies", async () => {
  const cookies = [
    "operate-k3x9.session_token=x; Path=/",
    "__Host-operate.a=1",
    "=operate.session_token=x",
    "mine=operate.x",
  ];
  answer = `HTTP/1.1 200 OK\r\n${cookies.map((one) => `Set-Cookie: ${one}\r\n`).join("")}Content-Length: 0\r\n\r\n`;
  const got = await ask();
  expect(got.split("\r\n").filter((line) => /^set-cookie/i.test(line))).toEqual(["Set-Cookie: mine=operate.x"]);
});

describe("from the instance", () => {
  it.each([
    {
      name: "a reason in Latin-1",
      line: "302 d\xe9plac\xe9",
      headers: ["Location: /b", "Content-Length: 0"],
      body: "",
    },
    {
      name: "a file name in UTF-8 after a length",
      line: "200 OK",
      headers: ["Content-Length: 4", latin1('Content-Disposition: attachment; filename="日本.pdf"')],
      body: "%PDF",
    },
    {
      name: "a file name in UTF-8 before a length",
      line: "200 OK",
      headers: [latin1('content-disposition: attachment; filename="日本.pdf"'), "content-length: 4"],
      body: "%PDF",
    },
    {
      name: "a file name in UTF-8 and no length",
      line: "200 OK",
      headers: [latin1('Content-Disposition: inline; filename="é.pdf"')],
      body: "%PDF",
    },
    {
      name: "control characters in the reason and in values",
      line: "200 O\x1bK",
      headers: ["X-Name: a\x01b\x7f\x1f", "Content-Length: 1"],
      body: "\x01",
    },
    {
      name: "values in Latin-1",
      line: "200 \xc0\xff",
      headers: ["X-Name: Jos\xe9\xa0", "Content-Length: 1"],
      body: "\xe9",
    },
    {
      name: "repeated, empty and oddly written headers",
      line: "200 OK",
      headers: ["x-A: 1", "X-a: 2", "X-Empty: ", "SET-cookie: a=1", "set-Cookie: b=2", "Content-Length: 1"],
      body: "!",
    },
    { name: "no reason", line: "200 ", headers: ["Content-Length: 1"], body: "!" },
    { name: "status 299", line: "299 Odd", headers: ["Content-Length: 1"], body: "!" },
    { name: "status 599", line: "599 Odder", headers: ["Content-Length: 1"], body: "!" },
    { name: "status 418", line: "418 I'm a teapot", headers: ["Content-Length: 1"], body: "!" },
    {
      name: "every byte in the body",
      line: "200 OK",
      headers: ["Content-Length: 256"],
      body: Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString("latin1"),
    },
  ])("$name", async ({ line, headers, body }) => {
    answer = `HTTP/1.1 ${line}\r\n${headers.join("\r\n")}\r\n\r\n${body}`;
    const got = await ask();
    expect(got.startsWith(`HTTP/1.1 ${line}\r\n`)).toBe(true);
    const end = got.indexOf("\r\n\r\n");
    const lines = got.slice(0, end).split("\r\n");
    for (const header of headers) expect(lines).toContain(header);
    if (headers.some((one) => /^content-length/i.test(one))) expect(got.slice(end + 4)).toBe(body);
    else expect(got).toContain(body);
  });

  it("keeps the order of headers of one name beside a cookie of the balancer's own", async () => {
    answer = "HTTP/1.1 200 OK\r\nSet-Cookie: z=1\r\nSet-Cookie: a=\xe9\r\nContent-Length: 0\r\n\r\n";
    const got = await ask();
    expect(got.match(/^set-cookie: .*$/gim)).toEqual(["Set-Cookie: z=1", "Set-Cookie: a=\xe9"]);
  });
});

describe("from the client", () => {
  beforeEach(() => {
    answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  });

  it.each([
    ["X-Name: Jos\xe9"],
    [latin1("x-file: 日本.pdf")],
    ["X-Empty: "],
    ["X-Twice: 1", "x-twice: 2"],
    ["Cookie: a=1; b=\xe9;c=3", "cookie: d=4"],
    ["Authorization: Basic abc=="],
  ])("%j", async (...headers) => {
    await ask(`${headers.join("\r\n")}\r\n`);
    const lines = received.split("\r\n");
    expect(lines[0]).toBe("GET /p?q=%20 HTTP/1.1");
    for (const header of headers) expect(lines).toContain(header);
    expect(lines).toContain("Host: shop");
  });

  it("passes a method and a body it knows nothing of", async () => {
    await ask("Content-Length: 3\r\n", "PURGE", "\0\xff\xe9");
    expect(received.startsWith("PURGE /p?q=%20 HTTP/1.1\r\n")).toBe(true);
  });

  it("keeps Operate's own cookies from the instance, and no other", async () => {
    await ask("Cookie: a=1; operate.session_token=secret; b=2\r\nCookie: __Secure-operate.session_token=secret\r\n");
    expect(received).toContain("\r\nCookie: a=1; b=2\r\n");
    expect(received).not.toContain("secret");
    expect(received.match(/cookie/gi)).toHaveLength(1);
  });
});
