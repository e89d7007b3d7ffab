import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { OutboundRequest } from "../../agent/ports/outbound-http.ts";
import { createCircuitBreaker } from "./circuit-breaker.ts";
import { createOutboundClient, type OutboundClient, type OutboundClientOptions } from "./client.ts";

const open: (Server | OutboundClient)[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) {
    if ("closeAllConnections" in thing) thing.closeAllConnections();
    await new Promise<void>((resolve) => {
      const closed = thing.close(() => resolve());
      if (closed instanceof Promise) void closed.then(() => resolve());
    });
  }
});

async function serve(listener: RequestListener): Promise<{ port: number; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, seen };
}

function client(options: Partial<OutboundClientOptions> = {}): OutboundClient {
  const made = createOutboundClient({ allow: ["127.0.0.0/8"], deny: [], random: () => 0, ...options });
  open.push(made);
  return made;
}

const failure = (request: Promise<unknown>): Promise<{ code: string; message: string }> =>
  request.then(
    () => ({ code: "none", message: "it succeeded" }),
    (error) => error,
  );

describe("addresses", () => {
  it.each([
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://10.1.2.3/",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://224.0.0.1/",
    "http://[fe80::1]/",
    "http://localhost/",
  ])("refuses %s unless it is allowed", async (url) => {
    const error = await failure(client({ allow: [] }).request({ url }));
    expect(error.code).toBe("FORBIDDEN");
    expect(error.message).toContain("outbound.allow");
  });

  it.each([
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:169.254.169.254]/",
    "http://2852039166/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://metadata.google.internal/",
  ])("refuses the metadata address %s even when everything is allowed", async (url) => {
    const everything = client({ allow: ["0.0.0.0/0", "::/0"] });
    const host = new URL(url).hostname;
    const error = await failure(everything.request({ url, trusted: [`${host}:80`] }));
    expect(error.code).toBe("FORBIDDEN");
    expect(error.message).toContain("metadata");
  });

  it("lets deny win over allow", async () => {
    const { port, seen } = await serve((_, response) => response.end("no"));
    const error = await failure(client({ deny: ["127.0.0.1/32"] }).request({ url: `http://127.0.0.1:${port}/` }));
    expect(error).toMatchObject({ code: "FORBIDDEN" });
    expect(seen).toHaveLength(0);
  });

  it("reaches an exact trusted host and port, and nothing beside it", async () => {
    const [own, other] = [await serve((_, response) => response.end("own")), await serve((_, r) => r.end("other"))];
    const http = client({ allow: [] });
    const trusted = [`127.0.0.1:${own.port}`];
    expect((await http.request({ url: `http://127.0.0.1:${own.port}/`, trusted })).status).toBe(200);
    expect((await failure(http.request({ url: `http://127.0.0.1:${other.port}/`, trusted }))).code).toBe("FORBIDDEN");
    // the connection that trust opened is not lent to a request without it
    expect((await failure(http.request({ url: `http://127.0.0.1:${own.port}/` }))).code).toBe("FORBIDDEN");
    expect(other.seen).toHaveLength(0);
    expect(own.seen).toHaveLength(1);
  });

  it("judges a name by the address it connects to, so that a second answer of the DNS gains nothing", async () => {
    const { port, seen } = await serve((_, response) => response.end("secret"));
    let asked = 0;
    const resolveHost = async () => {
      asked++;
      return [{ address: asked === 1 ? "203.0.113.9" : "127.0.0.1", family: 4 as const }];
    };
    const http = client({ allow: ["203.0.113.0/24"], resolveHost });
    const request = {
      url: `http://rebind.test:${port}/`,
      keepAlive: false,
      retries: 0,
      timeoutMs: 400,
      breaker: false,
    };
    expect((await failure(http.request(request))).code).toMatch(/TIMEOUT|UPSTREAM_UNAVAILABLE/);
    expect(asked).toBe(1);
    const second = await failure(http.request(request));
    expect(second.code).toBe("FORBIDDEN");
    expect(second.message).toContain("rebind.test leads to 127.0.0.1");
    expect(seen).toHaveLength(0);
  });

  it("connects to the allowed addresses of a name that has both kinds", async () => {
    const { port } = await serve((_, response) => response.end("ok"));
    const resolveHost = async () => [
      { address: "10.0.0.1", family: 4 as const },
      { address: "127.0.0.1", family: 4 as const },
    ];
    expect((await client({ resolveHost }).request({ url: `http://both.test:${port}/` })).status).toBe(200);
  });
});

describe("redirects", () => {
  it.each([302, 307, 308])("refuses a redirect (%i) to a metadata address", async (status) => {
    const { port } = await serve((_, response) =>
      response.writeHead(status, { location: "http://169.254.169.254/latest/" }).end(),
    );
    const error = await failure(client({ allow: ["0.0.0.0/0"] }).request({ url: `http://127.0.0.1:${port}/` }));
    expect(error).toMatchObject({ code: "FORBIDDEN" });
    expect(error.message).toContain("metadata");
  });

  it("refuses a redirect from an allowed to a private address, and to another scheme", async () => {
    const locations = ["http://10.0.0.5/", "file:///etc/passwd"];
    const { port } = await serve((request, response) =>
      response.writeHead(302, { location: locations[Number(request.url?.slice(1))] }).end(),
    );
    expect((await failure(client().request({ url: `http://127.0.0.1:${port}/0` }))).code).toBe("FORBIDDEN");
    expect((await failure(client().request({ url: `http://127.0.0.1:${port}/1` }))).code).toBe("INVALID");
  });

  it("follows up to the limit, and takes no headers to another origin", async () => {
    const far = await serve((_, response) => response.end("far"));
    const near = await serve((request, response) => {
      const location =
        request.url === "/away" ? `http://127.0.0.1:${far.port}/` : request.url === "/loop" ? "/loop" : "/end";
      if (request.url === "/end") response.end("near");
      else response.writeHead(302, { location }).end();
    });
    const base = `http://127.0.0.1:${near.port}`;
    const headers = { authorization: "Bearer secret", "x-api-key": "secret", accept: "text/plain" };
    const same = await client().request({ url: `${base}/start`, headers });
    expect([same.url, same.redirects]).toEqual([`${base}/end`, 1]);
    expect(near.seen[1]?.headers["x-api-key"]).toBe("secret");
    await client().request({ url: `${base}/away`, headers });
    expect(far.seen[0]?.headers).toMatchObject({ accept: "text/plain" });
    expect(far.seen[0]?.headers).not.toHaveProperty("authorization");
    expect(far.seen[0]?.headers).not.toHaveProperty("x-api-key");
    expect((await failure(client().request({ url: `${base}/loop` }))).message).toContain("more than 5 times");
    expect((await client().request({ url: `${base}/loop`, maxRedirects: 0 })).status).toBe(302);
  });
});

describe("limits", () => {
  it("ends at the time limit while headers or body are awaited", async () => {
    const { port } = await serve((request, response) => {
      if (request.url === "/body") response.writeHead(200).write("a");
    });
    for (const path of ["/headers", "/body"]) {
      const startedAt = performance.now();
      const error = await failure(client().request({ url: `http://127.0.0.1:${port}${path}`, timeoutMs: 200 }));
      expect(error).toMatchObject({ code: "TIMEOUT" });
      expect(error.message).toContain("within 200 ms");
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    }
  });

  it("stops reading past the size cap, whatever the server announces", async () => {
    let sent = 0;
    const { port } = await serve((_, response) => {
      const chunk = Buffer.alloc(65_536, "x");
      const more = () => {
        while (!response.destroyed && sent < 2 ** 28) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    });
    const url = `http://127.0.0.1:${port}/`;
    const error = await failure(client().request({ url, maxBytes: 10_000 }));
    expect(error).toMatchObject({ code: "UPSTREAM_REJECTED" });
    expect(error.message).toContain("more than 10000 bytes");
    const cut = await client().request({ url, maxBytes: 10_000, onTooLarge: "truncate" });
    expect([cut.body.byteLength, cut.truncated]).toEqual([10_000, true]);
    expect(sent).toBeLessThan(2 ** 27);
  });

  it.each([
    ["GET", 503, 3],
    ["GET", 429, 3],
    ["GET", 500, 1],
    ["POST", 503, 1],
    ["PUT", 502, 3],
  ] as const)("%s answered with %i is tried %i times", async (method, status, times) => {
    const { port, seen } = await serve((_, response) => response.writeHead(status).end());
    const response = await client().request({ url: `http://127.0.0.1:${port}/`, method });
    expect(response.status).toBe(status);
    expect(seen).toHaveLength(times);
  });

  it("does not retry for longer than the time limit allows", async () => {
    const { port, seen } = await serve((_, response) => response.writeHead(503, { "retry-after": "60" }).end());
    const response = await client().request({ url: `http://127.0.0.1:${port}/`, timeoutMs: 2_000 });
    expect([response.status, seen.length]).toEqual([503, 1]);
  });

  it("opens the circuit of a host that fails, lets one trial through, and closes it again", async () => {
    let clock = 0;
    let status = 503;
    const { port, seen } = await serve((_, response) => response.writeHead(status).end());
    const breaker = createCircuitBreaker({ failureThreshold: 3, openMs: 1_000, now: () => clock });
    const http = client({ breaker });
    const request: OutboundRequest = { url: `http://127.0.0.1:${port}/`, retries: 0 };
    for (let i = 0; i < 3; i++) await http.request(request);
    const refused = await failure(http.request(request));
    expect(refused).toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
    expect(refused.message).toContain("tried again in 1 s");
    expect((await http.request({ ...request, breaker: false })).status).toBe(503);
    expect(seen).toHaveLength(4);
    clock = 1_001;
    expect((await http.request(request)).status).toBe(503); // the trial fails: open again
    expect((await failure(http.request(request))).code).toBe("UPSTREAM_UNAVAILABLE");
    clock = 2_100;
    status = 200;
    expect((await http.request(request)).status).toBe(200);
    expect((await http.request(request)).status).toBe(200);
  });

  it("says in words what went wrong", async () => {
    const { port } = await serve((request) => request.socket.destroy());
    const refused = await failure(client().request({ url: "http://127.0.0.1:1/", retries: 0 }));
    expect(refused.message).toBe("127.0.0.1:1 refused the connection.");
    const closed = await failure(client().request({ url: `http://127.0.0.1:${port}/`, retries: 0 }));
    expect(closed.message).toContain("closed the connection before it had answered");
    expect((await failure(client().request({ url: "ftp://127.0.0.1/" }))).code).toBe("INVALID");
  });
});
