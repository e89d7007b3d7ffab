import { execFileSync } from "node:child_process";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, createServer as createTcp, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseServer } from "../../agent/kernel/hosts.ts";
import type { ProbeSpec } from "../../agent/ports/prober.ts";
import { createOutboundClient, type OutboundClientOptions } from "../http/client.ts";
import { daysUntil, valueAt } from "./judge.ts";
import { createProber } from "./prober.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}
const serve = (listener: RequestListener) => {
  const server = createHttp(listener);
  closers.push(() => server.closeAllConnections());
  return listen(server);
};

function probe(spec: ProbeSpec, options: Partial<OutboundClientOptions> = {}) {
  const client = createOutboundClient({ allow: ["127.0.0.0/8"], deny: [], ...options });
  closers.push(() => client.close());
  return createProber(client).probe(spec, new AbortController().signal);
}

/** as a service without a path is asked */
const ANY_ANSWER = Array.from({ length: 300 }, (_, i) => 200 + i);

type HttpSpec = Extract<ProbeSpec, { type: "http" }>;
const http = (port: number, extra: Partial<HttpSpec> = {}): HttpSpec => ({
  type: "http",
  url: `http://127.0.0.1:${port}/`,
  method: "GET",
  headers: {},
  expectStatus: [200],
  timeoutMs: 2_000,
  ...extra,
});

describe("http", () => {
  const json = JSON.stringify({ status: { db: [{ ok: true, lag: 3 }] } });
  it.each<[string, number, string, Partial<HttpSpec>, string, string | null]>([
    ["as expected", 200, "fine", {}, "up", null],
    ["another status", 500, "", {}, "down", "answered 500; expected 200"],
    ["one outside a run", 503, "", { expectStatus: ANY_ANSWER }, "down", "answered 503; expected below 500"],
    ["an expected error", 404, "", { expectStatus: [404] }, "up", null],
    ["an expected redirect", 302, "", { expectStatus: [302] }, "up", null],
    ["the words", 200, "all fine here", { bodyIncludes: "fine" }, "up", null],
    ["not the words", 200, "bad", { bodyIncludes: "fine" }, "down", 'answered 200 without "fine" in the body'],
    ["the value", 200, json, { jsonPath: { path: "status.db.0.ok", equals: true } }, "up", null],
    [
      "another value",
      200,
      json,
      { jsonPath: { path: "status.db.0.lag", equals: 0 } },
      "down",
      "status.db.0.lag is 3; expected 0",
    ],
    [
      "no such value",
      200,
      json,
      { jsonPath: { path: "status.x", equals: 0 } },
      "down",
      "status.x is nothing; expected 0",
    ],
    [
      "no JSON",
      200,
      "<html>",
      { jsonPath: { path: "a", equals: 1 } },
      "down",
      "answered 200 with a body that is not JSON; expected a in it",
    ],
  ])("%s", async (_, status, body, extra, outcome, message) => {
    const port = await serve((_request, response) => response.writeHead(status, { location: "/elsewhere" }).end(body));
    const result = await probe(http(port, extra));
    expect([result.outcome, result.message, result.statusCode]).toEqual([outcome, message, status]);
    expect(result.latencyMs).toBeGreaterThan(0);
  });

  it("is degraded when slow, down when slower than the time limit", async () => {
    const port = await serve((_, response) => setTimeout(() => response.end("ok"), 80));
    const slow = await probe(http(port, { maxLatencyMs: 20 }));
    expect(slow.outcome).toBe("degraded");
    expect(slow.message).toMatch(/^took \d+ ms; over 20 ms is degraded$/);
    const hung = await serve(() => {});
    const result = await probe(http(hung, { timeoutMs: 150 }));
    expect([result.outcome, result.message]).toEqual(["down", "gave no full answer within 150 ms"]);
  });

  it("reads only what it needs of an endless body", async () => {
    const port = await serve((_, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 1);
      response.once("close", () => clearInterval(timer));
    });
    expect((await probe(http(port))).outcome).toBe("up");
  });

  it("opens a connection of its own for every check", async () => {
    let connections = 0;
    const server = createHttp((_, response) => response.end("ok"));
    server.on("connection", () => connections++);
    const port = await listen(server);
    await probe(http(port));
    await probe(http(port));
    expect(connections).toBe(2);
  });

  it("says why there was no answer", async () => {
    expect(await probe(http(1))).toMatchObject({ outcome: "down", message: "127.0.0.1:1 refused the connection." });
    const refused = await probe(http(1), { allow: [] });
    expect(refused.message).toContain("is a loopback address and is not reached");
  });
});

describe("TLS", () => {
  const dir = mkdtempSync(join(tmpdir(), "operate-tls-"));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  const [keyFile, certFile] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...ec, "-keyout", keyFile, "-out", certFile, "-days", "20", ...subject], {
    stdio: "pipe",
  });
  const [key, cert] = [readFileSync(keyFile, "utf8"), readFileSync(certFile, "utf8")];
  const secure = async () => {
    const server = createHttps({ key, cert }, (_, response) => response.end("ok"));
    return `https://127.0.0.1:${await listen(server)}/`;
  };

  it("is degraded when the certificate ends soon, up when there is time", async () => {
    const url = await secure();
    const soon = await probe(http(0, { url, tlsExpiryDays: 30 }), { ca: [cert] });
    expect([soon.outcome, soon.message]).toEqual([
      "degraded",
      "its TLS certificate ends in 19 days; under 30 is degraded",
    ]);
    expect((await probe(http(0, { url, tlsExpiryDays: 7 }), { ca: [cert] })).outcome).toBe("up");
  });

  it("is down when the certificate is not trusted or no TLS is spoken", async () => {
    const untrusted = await probe(http(0, { url: await secure() }));
    expect(untrusted.outcome).toBe("down");
    expect(untrusted.message).toContain("self-signed TLS certificate");
    const plain = await serve((_, response) => response.end());
    expect((await probe(http(0, { url: `https://127.0.0.1:${plain}/` }))).message).toContain("does not speak TLS");
  });

  it("counts whole days", () => {
    const now = new Date("2026-01-01T12:00:00Z");
    expect(daysUntil("2026-01-31T12:00:00Z", now)).toBe(30);
    expect(daysUntil("2026-01-31T11:59:59Z", now)).toBe(29);
    expect(daysUntil("2026-01-01T11:00:00Z", now)).toBe(-1);
    expect(valueAt({ a: [{ b: null }] }, "a.0.b")).toBeNull();
    expect(valueAt({}, "constructor.name")).toBeUndefined();
  });
});

describe("TCP", () => {
  it("is up when a connection is accepted, down when refused, and obeys the address rule", async () => {
    const port = await listen(createTcp((socket) => socket.destroy()));
    const tcp = (host: string, to: number): ProbeSpec => ({ type: "tcp", host, port: to, timeoutMs: 1_000 });
    expect((await probe(tcp("127.0.0.1", port))).outcome).toBe("up");
    expect((await probe(tcp("0x7f.1", port))).outcome).toBe("up");
    expect((await probe(tcp("localhost", port))).outcome).toBe("up");
    expect(await probe(tcp("127.0.0.1", 1))).toMatchObject({
      outcome: "down",
      message: "127.0.0.1:1 refused the connection.",
    });
    for (const host of ["127.0.0.1", "0x7f.1", "localhost"])
      expect((await probe(tcp(host, port), { allow: [] })).message).toContain(
        "is a loopback address and is not reached",
      );
    const metadata = await probe(tcp("169.254.169.254", 80), { allow: ["0.0.0.0/0"] });
    expect(metadata.message).toContain("metadata");
  });
});

/** A name server for one name with two A records; other names do not exist; `mute.test` is never answered. */
async function nameServer(): Promise<number> {
  const server: UdpSocket = createSocket("udp4");
  server.on("message", (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString("ascii", at + 1, at + 1 + length));
      at += length + 1;
    }
    const name = labels.join(".").toLowerCase();
    if (name === "mute.test") return;
    const type = query.readUInt16BE(at + 1);
    const known = name === "known.test";
    const answers =
      known && type === 1
        ? [
            [203, 0, 113, 7],
            [203, 0, 113, 8],
          ]
        : [];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    const records = answers.map((address) => Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address]));
    server.send(Buffer.concat([header, query.subarray(12, at + 5), ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return server.address().port;
}

describe("DNS", () => {
  type DnsSpec = Extract<ProbeSpec, { type: "dns" }>;
  const dns = (server: string, extra: Partial<DnsSpec> = {}): DnsSpec => ({
    type: "dns",
    host: "known.test",
    recordType: "A",
    expect: [],
    server,
    timeoutMs: 1_000,
    ...extra,
  });

  it("is up when the records are there, down with what is missing", async () => {
    const server = `127.0.0.1:${await nameServer()}`;
    expect((await probe(dns(server, { expect: ["203.0.113.8"] }))).outcome).toBe("up");
    expect(await probe(dns(server, { expect: ["203.0.113.9"] }))).toMatchObject({
      outcome: "down",
      message: "answered 203.0.113.7, 203.0.113.8; missing 203.0.113.9",
    });
    expect((await probe(dns(server, { host: "gone.test" }))).message).toBe("gone.test has no A record.");
    expect((await probe(dns(server, { recordType: "MX" }))).message).toBe("known.test has no MX record.");
    expect(await probe(dns(server, { host: "mute.test", timeoutMs: 300 }))).toMatchObject({ outcome: "down" });
  });

  it("asks no resolver at an address that may not be reached", async () => {
    const port = await nameServer();
    expect((await probe(dns(`127.0.0.1:${port}`), { allow: [] })).message).toContain("is a loopback address");
    expect((await probe(dns("169.254.169.254"), { allow: ["0.0.0.0/0"] })).message).toContain("metadata");
  });

  it.each([
    ["1.1.1.1", "1.1.1.1", 53],
    ["1.1.1.1:5353", "1.1.1.1", 5353],
    ["fd00::1", "fd00::1", 53],
    ["[fd00::1]:54", "fd00::1", 54],
    ["ns.test:55", "ns.test", 55],
  ])("reads the resolver %s", (text, host, port) => {
    expect(parseServer(text)).toEqual({ host, port });
  });
});
