import { createServer, type ServerResponse } from "node:http";
import { Registry } from "prom-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHttpMetrics, observeRequests, routeOf } from "./http-metrics.ts";

describe("the route of a path", () => {
  it.each([
    ["/", "/"],
    ["/?env=production", "/"],
    ["/services/checkout?env=production", "/services"],
    ["/api/trpc/services.list?batch=1", "/api/trpc"],
    ["/api/anything/else", "other"],
    ["/_next/static/chunks/a.js", "/_next"],
    ["/wp-admin/setup.php", "other"],
    [`/${"a".repeat(5_000)}`, "other"],
    [undefined, "/"],
  ])("%s is %s", (url, route) => expect(routeOf(url)).toBe(route));
});

const WAIT_MS = 600;
/** Answers after a wait, which it tells of in each way that Node has for headers. */
function waits(path: string, response: ServerResponse): void {
  setTimeout(() => {
    const told = ["server-timing", `db;dur=3, wait;dur=${WAIT_MS}.0`] as const;
    if (path.endsWith("set")) response.setHeader(...told).writeHead(200);
    else if (path.endsWith("object")) response.writeHead(200, { "Server-Timing": told[1] });
    else response.writeHead(200, path.endsWith("list") ? [...told] : { "server-timing": "wait" });
    response.end("ok");
  }, WAIT_MS + 1);
}

describe("requests", () => {
  const close: (() => void)[] = [];
  afterEach(() => {
    for (const one of close.splice(0)) one();
  });

  async function serve() {
    const registry = new Registry();
    const server = createServer();
    observeRequests(server, createHttpMetrics(registry));
    server.on("request", (request, response) => {
      if (request.url === "/api/trpc/live")
        response.writeHead(200, { "content-type": "text/event-stream" }).write(": \n");
      else if (request.url?.startsWith("/waits")) waits(request.url, response);
      else response.writeHead(request.url === "/missing" ? 404 : 200).end("ok");
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    close.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    const address = server.address();
    if (!address || typeof address === "string") throw new Error("no port");
    return { registry, url: `http://127.0.0.1:${address.port}` };
  }

  it("are counted by method, route and status, and are in flight until then", async () => {
    const { registry, url } = await serve();
    for (const path of ["/logs", "/logs?q=1", "/missing"]) await (await fetch(url + path)).text();
    await vi.waitFor(async () => {
      const page = await registry.metrics();
      expect(page).toMatch(
        /duration_seconds_count{http_request_method="GET",http_route="\/logs",http_response_status_code="200"} 2/,
      );
      expect(page).toMatch(/count{http_request_method="GET",http_route="other",http_response_status_code="404"} 1/);
      expect(page).toMatch(/^http_server_active_requests 0$/m);
    });
  });

  it.each(["/waits/set", "/waits/object", "/waits/list"])(
    "that waited on purpose (%s) are as fast as the rest of them",
    async (path) => {
      const { registry, url } = await serve();
      await (await fetch(url + path)).text();
      const sum = async () => Number(/duration_seconds_sum{[^}]*} ([\d.e-]+)/.exec(await registry.metrics())?.[1]);
      await vi.waitFor(async () => expect(await sum()).toBeGreaterThanOrEqual(0));
      expect(await sum()).toBeLessThan(WAIT_MS / 1_000 / 2);
      expect(await registry.metrics()).toMatch(/duration_seconds_count{[^}]*} 1$/m);
    },
  );

  it("that go on waiting after their head are left out", async () => {
    const { registry, url } = await serve();
    await (await fetch(`${url}/waits/open`)).text();
    await (await fetch(`${url}/logs`)).text();
    await vi.waitFor(async () => expect(await registry.metrics()).toContain('http_route="/logs"'));
    expect(await registry.metrics()).not.toContain('http_route="other"');
  });

  it("that stay open as streams are neither slow nor in flight", async () => {
    const { registry, url } = await serve();
    const ending = new AbortController();
    const stream = await fetch(`${url}/api/trpc/live`, { signal: ending.signal });
    expect(await registry.metrics()).toMatch(/^http_server_active_requests 0$/m);
    ending.abort();
    await expect(stream.text()).rejects.toThrow();
    await (await fetch(`${url}/logs`)).text();
    await vi.waitFor(async () => expect(await registry.metrics()).toContain('http_route="/logs"'));
    expect(await registry.metrics()).not.toContain('http_route="/api/trpc"');
  });
});
