import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rejectRequest } from "./front-door.ts";
import { originRules } from "./origin.ts";

const env: Record<string, string> = { OPERATE_BASE_URL: "http://ops.example.com:4310" };
const server = createServer((request, response) => {
  const rules = originRules(env);
  if (!rejectRequest(request, response, { env, rules }))
    response.end(`inside by ${request.headers["x-operate-client-scheme"]}`);
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => server.close());

async function ask(path: string, headers: string[]): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.end(`GET ${path} HTTP/1.1\r\n${[...headers, "Connection: close"].join("\r\n")}\r\n\r\n`);
  return text(socket);
}

describe("Host", () => {
  test.each(["/", "/metrics", "/healthz", "/readyz", "/api/trpc/x", "/v1/logs", "/_next/static/x", "/icon.svg"])(
    "a foreign one is refused at %s",
    async (path) => {
      expect(await ask(path, ["Host: evil.example"])).toMatch(/^HTTP\/1.1 403 [\s\S]*OPERATE_ALLOWED_HOSTS/);
      expect(await ask(path, ["Host: ops.example.com:4310"])).toMatch(/^HTTP\/1.1 200 [\s\S]*inside/);
      expect(await ask(path, ["Host: 127.0.0.1:4310"])).toMatch(/^HTTP\/1.1 200 /);
    },
  );
  test.each([
    [["Host: 127.0.0.1", "Host: evil.example"]],
    [["Host: evil.example", "Host: 127.0.0.1"]],
    [["Host: "]],
    [[]],
  ])("%j is refused", async (headers) => expect(await ask("/", headers)).toMatch(/^HTTP\/1.1 40[03] /));
});

describe("a path that cannot be decoded", () => {
  test.each(["/services/%ZZ", "/api/trpc/%E0%A4%A", "/%"])("%s is refused with what to do", async (path) => {
    expect(await ask(path, ["Host: 127.0.0.1:4310"])).toMatch(/^HTTP\/1.1 400 [\s\S]*percent sign/);
  });
  test("what stands after the question mark is the route's own", async () => {
    expect(await ask("/logs?q=%ZZ&x=%E2%82%AC", ["Host: 127.0.0.1:4310"])).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe("HSTS", () => {
  const hsts = /strict-transport-security: max-age=15552000/i;
  test("the scheme of a request is the trusted proxy's word, whatever a client says of it", async () => {
    const said = ["Host: ops.example.com", "X-Forwarded-Proto: https", "X-Operate-Client-Scheme: https"];
    expect(await ask("/", said)).toMatch(/inside by http$/);
    env.OPERATE_TRUSTED_PROXIES = "127.0.0.1";
    expect(await ask("/", said)).toMatch(/inside by https$/);
    delete env.OPERATE_TRUSTED_PROXIES;
  });
  test("not over plain http, nor by the word of a stranger", async () => {
    expect(await ask("/", ["Host: ops.example.com"])).not.toMatch(hsts);
    expect(await ask("/", ["Host: ops.example.com", "X-Forwarded-Proto: https"])).not.toMatch(hsts);
  });
  test("by the word of a trusted proxy", async () => {
    env.OPERATE_TRUSTED_PROXIES = "127.0.0.1";
    expect(await ask("/", ["Host: ops.example.com", "X-Forwarded-Proto: https"])).toMatch(hsts);
    expect(await ask("/", ["Host: ops.example.com", "X-Forwarded-Proto: http"])).not.toMatch(hsts);
  });
  test("with an https base URL", async () => {
    env.OPERATE_BASE_URL = "https://ops.example.com";
    expect(await ask("/healthz", ["Host: ops.example.com"])).toMatch(hsts);
  });
});

describe("a path", () => {
  const host = ["Host: ops.example.com"];
  test.each([
    ["/services/%ZZ", /^HTTP\/1.1 400 [\s\S]*character 11[\s\S]*two hex digits/],
    ["/%", /^HTTP\/1.1 400 [\s\S]*character 2/],
    ["/api/trpc/%E0%A4%A", /^HTTP\/1.1 400 /],
    ["/services/%ED%A0%80", /^HTTP\/1.1 400 [\s\S]*UTF-8/],
    ["/incidents/%00", /^HTTP\/1.1 400 [\s\S]*control character/],
    ["/incidents/a%0Ab", /^HTTP\/1.1 400 [\s\S]*control character/],
    [`/health/${"a".repeat(5_000)}`, /^HTTP\/1.1 400 [\s\S]*5008 characters/],
    [`/?env=${"a".repeat(20_000)}`, /^HTTP\/1.1 431 /],
  ])("%s is refused, saying what is wrong", async (path, answer) => expect(await ask(path, host)).toMatch(answer));
  test.each(["/services/caf%C3%A9", "/?env=%ZZ&env[]=x&tab=%00", "/%25ZZ", "/logs?query=%ED%A0%80"])(
    "%s passes: what a query holds is for its reader to judge",
    async (path) => expect(await ask(path, host)).toMatch(/^HTTP\/1.1 200 /),
  );
});
