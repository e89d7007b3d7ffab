import { describe, expect, it } from "vitest";
import { InvalidResponse, type ResponseHead, ResponseParser } from "./response-parser.ts";

interface Read {
  heads: ResponseHead[];
  informed: number[];
  trailers: string[];
  body: string;
  done: boolean;
  parser: ResponseParser;
}

/** Reads the bytes in pieces of `size`, then the end of the connection when the response is not complete. */
function read(text: string, { size = Infinity, method = "GET", ends = false, mayUpgrade = false } = {}): Read {
  const heads: ResponseHead[] = [];
  const informed: number[] = [];
  const trailers: string[] = [];
  let body = "";
  const parser = new ResponseParser({
    onInformation: (head) => informed.push(head.status),
    onTrailers: (fields) => trailers.push(...fields),
    onHead: (head) => heads.push(head),
    onData: (chunk) => {
      body += chunk.toString("latin1");
    },
  });
  parser.begin(method, mayUpgrade);
  const bytes = Buffer.from(text, "latin1");
  let done = false;
  for (let at = 0; at < bytes.length; at += size) done = parser.read(bytes.subarray(at, at + size));
  if (ends && !done) done = parser.end();
  return { heads, informed, trailers, body, done, parser };
}

const CASES = [
  {
    name: "a body of known length",
    text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a:  2 \r\nX-Empty:\r\n\r\nhello",
    head: {
      ...{ status: 200, reason: "OK", length: 5 },
      headers: ["Content-Length", "5", "X-A", "1", "x-a", "2", "X-Empty", ""],
    },
    ...{ body: "hello", persistent: true },
  },
  {
    name: "bytes that are not ASCII",
    text: 'HTTP/1.1 302 d\xe9plac\xe9\r\nContent-Disposition: filename="\xe6\x97\xa5\xa0"\r\nContent-Length: 0\r\n\r\n',
    head: {
      ...{ status: 302, reason: "d\xe9plac\xe9", length: 0 },
      headers: ["Content-Disposition", 'filename="\xe6\x97\xa5\xa0"', "Content-Length", "0"],
    },
    ...{ body: "", persistent: true },
  },
  {
    name: "no reason phrase, chunks with extensions and trailers, after early hints",
    text: "HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 599\r\ntransfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nx-t: 1\r\n\r\n",
    head: { status: 599, reason: "", length: null, headers: ["transfer-encoding", "chunked"] },
    ...{ body: "hello0123456789", persistent: true },
  },
  {
    name: "a header that goes on in the next line, and an instance of HTTP/1.0",
    text: "HTTP/1.0 200 OK\r\nx-long: a\r\n  b\r\ncontent-length: 1\r\n\r\n!",
    head: { status: 200, reason: "OK", length: 1, headers: ["x-long", "a b", "content-length", "1"] },
    ...{ body: "!", persistent: false },
  },
  {
    name: "lines that end with a line feed alone, chunks and trailers too, and a size with zeros before it",
    text: "HTTP/1.1 200 OK\nx: a\r\ny: b\nTransfer-Encoding: chunked\n\n0000000000000002;a\nok\n0\nx-t: 1\n\n",
    head: {
      ...{ status: 200, reason: "OK", length: null },
      headers: ["x", "a", "y", "b", "Transfer-Encoding", "chunked"],
    },
    ...{ body: "ok", persistent: true },
  },
  {
    name: "a body of lines behind a head whose last line ends in a line feed",
    text: "HTTP/1.1 200 OK\r\ncontent-length: 7\n\r\na\n\nb\r\n\r",
    head: { status: 200, reason: "OK", length: 7, headers: ["content-length", "7"] },
    ...{ body: "a\n\nb\r\n\r", persistent: true },
  },
  {
    name: "control characters in the reason and in values",
    text: "HTTP/1.1 200 O\x1bK\r\nx: a\x01b\x7f\r\ncontent-length: 0\r\n\r\n",
    head: { status: 200, reason: "O\x1bK", length: 0, headers: ["x", "a\x01b\x7f", "content-length", "0"] },
    ...{ body: "", persistent: true },
  },
  {
    name: "a body until the connection ends",
    text: "HTTP/1.1 200 OK\r\nx: 1\r\n\r\nall of it",
    head: { status: 200, reason: "OK", length: null, headers: ["x", "1"] },
    ...{ body: "all of it", persistent: false },
  },
];

describe.each([Infinity, 1, 7])("in pieces of %s bytes", (size) => {
  it.each(CASES)("reads $name", ({ text, head, body, persistent }) => {
    const result = read(text, { size, ends: true });
    expect(result.heads).toEqual([head]);
    expect([result.body, result.done, result.parser.persistent]).toEqual([body, true, persistent]);
  });
});

describe("where a body ends", () => {
  it.each([
    { method: "HEAD", text: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", persistent: true },
    { method: "GET", text: "HTTP/1.1 304 Not\r\ncontent-length: 0\r\n\r\n", persistent: true },
    { method: "GET", text: "HTTP/1.1 204 No\r\ncontent-length: 3\r\n\r\nabc", persistent: false },
    { method: "GET", text: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 more", persistent: false },
    { method: "GET", text: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: Close\r\n\r\n", persistent: false },
  ])("$method $text has no body", ({ method, text, persistent }) => {
    const result = read(text, { method });
    expect([result.body, result.done, result.parser.persistent]).toEqual(["", true, persistent]);
  });

  it("is not reached when the connection ends before", () => {
    expect(read("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", { ends: true }).done).toBe(false);
    expect(read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel", { ends: true }).done).toBe(false);
  });

  it("is told with how long the connection is kept", () => {
    const { parser } = read("HTTP/1.1 200 OK\r\nKeep-Alive: max=9, timeout=7\r\ncontent-length: 0\r\n\r\n");
    expect(parser.keepAliveSeconds).toBe(7);
  });
});

describe("what is no response", () => {
  it.each([
    "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "HTTP/2 200\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nbad name: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nname : 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\n: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: a\rb: c\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: a\r\r\n\r\n",
    "HTTP/1.1 200 O\0K\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding:\r\ncontent-length: 1\r\n\r\na",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20000000000000\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\rX\r\nok\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n",
    `HTTP/1.1 200 OK\r\nx: ${"a".repeat(70_000)}\r\n\r\n`,
    "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(101),
  ])("%j", (text) => {
    expect(() => read(text)).toThrow(InvalidResponse);
  });
});

it.each([1, 7, Infinity])("tells of information, trailers and another protocol (%s bytes at a time)", (size) => {
  const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nx-b:\r\n\r\n";
  const answer = read(`HTTP/1.1 100 Continue\r\n\r\n${early}${chunks}`, { size });
  expect([answer.informed, answer.trailers, answer.body]).toEqual([[100, 103], ["X-Sum", "1", "x-b", ""], "a"]);
  expect([answer.done, answer.parser.persistent]).toEqual([true, true]);
  const { parser, heads, done } = read("HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n", { size, mayUpgrade: true });
  expect([parser.switched?.head.headers, heads, done]).toEqual([["Upgrade", "x"], [], false]);
});
