import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { checkOrigin, originRules } from "./origin.ts";
import type { Environment } from "./settings.ts";

const local = { PORT: "4310" };
const everywhere = { PORT: "4310", HOST: "0.0.0.0" };
const behindProxy = { OPERATE_BASE_URL: "https://ops.example.com", OPERATE_ALLOWED_HOSTS: "ops.lan, Other.LAN" };

const verdict = (env: Environment, method: string, headers: Record<string, string>): string => {
  try {
    checkOrigin(new Request("http://localhost:4310/api/trpc", { method, headers }), originRules(env));
    return "passes";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
};

describe("Host", () => {
  test.each<[string, Environment, string, string]>([
    ["localhost", local, "localhost:4310", "passes"],
    ["127.0.0.1", local, "127.0.0.1:4310", "passes"],
    ["IPv6 loopback", local, "[::1]:4310", "passes"],
    ["capitals", local, "LOCALHOST:4310", "passes"],
    ["a name rebound to loopback", local, "evil.example:4310", "FORBIDDEN"],
    ["a name that only starts right", local, "localhost.evil.example", "FORBIDDEN"],
    ["user info", local, "localhost@evil.example", "FORBIDDEN"],
    ["another address while bound to loopback", local, "192.168.1.7:4310", "FORBIDDEN"],
    ["any address while bound to all", everywhere, "192.168.1.7:4310", "passes"],
    ["an IPv6 address while bound to all", everywhere, "[fe80::1]:4310", "passes"],
    ["this machine's name while bound to all", everywhere, `${hostname()}:4310`, "passes"],
    ["a foreign name while bound to all", everywhere, "evil.example:4310", "FORBIDDEN"],
    ["the address bound to", { ...local, HOST: "192.168.1.7" }, "192.168.1.7:4310", "passes"],
    ["the base URL's name", behindProxy, "ops.example.com", "passes"],
    ["an allowed name", behindProxy, "ops.lan:8080", "passes"],
    ["an allowed name in capitals", behindProxy, "other.lan", "passes"],
  ])("%s", (_, env, host, expected) => expect(verdict(env, "GET", { host })).toBe(expected));
});

describe("Origin", () => {
  const host = "localhost:4310";
  test.each<[string, Environment, Record<string, string>, string]>([
    ["the same", local, { host, origin: "http://localhost:4310" }, "passes"],
    ["the same on a loopback address", local, { host: "127.0.0.1:4310", origin: "http://127.0.0.1:4310" }, "passes"],
    ["the default port written out", everywhere, { host: "10.0.0.5:80", origin: "http://10.0.0.5" }, "passes"],
    ["https to a console of http", local, { host, origin: "https://localhost:4310" }, "FORBIDDEN"],
    [
      "https to a console of http, by address",
      everywhere,
      { host: "10.0.0.5", origin: "https://10.0.0.5" },
      "FORBIDDEN",
    ],
    [
      "https through a trusted proxy that ends TLS",
      everywhere,
      { host: "10.0.0.5", origin: "https://10.0.0.5", "x-operate-client-scheme": "https" },
      "passes",
    ],
    [
      "http to a console of https",
      everywhere,
      { host: "10.0.0.5", origin: "http://10.0.0.5", "x-operate-client-scheme": "https" },
      "FORBIDDEN",
    ],
    ["a scheme of another kind", local, { host, origin: "ftp://localhost:4310" }, "FORBIDDEN"],
    ["another port of this machine", local, { host, origin: "http://localhost:9999" }, "FORBIDDEN"],
    ["another site", local, { host, origin: "https://evil.example" }, "FORBIDDEN"],
    ["null (a sandboxed frame)", local, { host, origin: "null" }, "FORBIDDEN"],
    [
      "another site with a bearer token",
      local,
      { host, origin: "https://evil.example", authorization: "Bearer x" },
      "FORBIDDEN",
    ],
    [
      "the base URL's behind a proxy",
      behindProxy,
      { host: "ops.example.com", origin: "https://ops.example.com" },
      "passes",
    ],
    [
      "http under an https base URL",
      behindProxy,
      { host: "ops.example.com", origin: "http://ops.example.com" },
      "FORBIDDEN",
    ],
    [
      "the base URL's, the proxy having changed Host",
      behindProxy,
      { host, origin: "https://ops.example.com" },
      "passes",
    ],
  ])("%s", (_, env, headers, expected) => {
    expect(verdict(env, "POST", headers)).toBe(expected);
    expect(verdict(env, "GET", headers)).toBe(expected);
  });
});

describe("no Origin", () => {
  const host = "localhost:4310";
  const cookie = "operate.session_token=x";
  test.each<[string, string, Record<string, string>, string]>([
    ["reading with a cookie", "GET", { host, cookie }, "passes"],
    ["changing with a cookie", "POST", { host, cookie }, "FORBIDDEN"],
    [
      "changing with a cookie, same origin by fetch metadata",
      "POST",
      { host, cookie, "sec-fetch-site": "same-origin" },
      "passes",
    ],
    ["changing from another site by fetch metadata", "POST", { host, "sec-fetch-site": "cross-site" }, "FORBIDDEN"],
    [
      "changing from a sibling site by fetch metadata",
      "POST",
      { host, cookie, "sec-fetch-site": "same-site" },
      "FORBIDDEN",
    ],
    ["changing with a bearer token", "POST", { host, authorization: "Bearer opk_x" }, "passes"],
    ["changing with neither cookie nor token", "POST", { host }, "passes"],
    ["deleting with a cookie", "DELETE", { host, cookie }, "FORBIDDEN"],
  ])("%s", (_, method, headers, expected) => expect(verdict(local, method, headers)).toBe(expected));
});

test("a refusal names the variable that would allow it", () => {
  const send = (headers: Record<string, string>) => () =>
    checkOrigin(new Request("http://localhost:4310/", { method: "POST", headers }), originRules(local));
  expect(send({ host: "console.lan" })).toThrow(/OPERATE_ALLOWED_HOSTS/);
  expect(send({ host: "localhost:4310", origin: "https://console.lan" })).toThrow(/OPERATE_BASE_URL/);
  expect(send({ host: "127.0.0.1:4310", origin: "https://127.0.0.1:4310" })).toThrow(/OPERATE_TRUSTED_PROXIES/);
});

test("a base URL that is none is refused", () => {
  expect(() => originRules({ OPERATE_BASE_URL: "ops.example.com" })).toThrow(/OPERATE_BASE_URL is not a URL/);
  expect(() => originRules({ OPERATE_BASE_URL: "ftp://ops.example.com" })).toThrow(/OPERATE_BASE_URL is not a URL/);
});
