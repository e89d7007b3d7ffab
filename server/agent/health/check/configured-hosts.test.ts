import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createOutboundClient } from "../../../integrations/http/client.ts";
import { createProber } from "../../../integrations/probe/prober.ts";
import type { OperateAgentConfigInput } from "../../config.ts";
import { OperateAgentConfigSchema } from "../../config.ts";
import { planTargets, serviceProbe } from "./targets.ts";

/** What the configuration names is asked although its address is private, and nothing that it leads to is. */

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closers.push(() => new Promise((done) => server.close(done)));
  return (server.address() as AddressInfo).port;
}
const serve = (listener: RequestListener) => listen(createServer(listener));

type Endpoints = NonNullable<OperateAgentConfigInput["monitoringConfig"]>["healthEndpoints"];

/** The outcome of every health endpoint, asked as the worker asks. */
async function outcomes(healthEndpoints: Endpoints, deny: string[] = []) {
  const config = OperateAgentConfigSchema.parse({ monitoringConfig: { healthEndpoints }, outbound: { deny } });
  const client = createOutboundClient(config.outbound);
  closers.push(() => client.close());
  const prober = createProber(client);
  return await Promise.all(
    planTargets(config).map(async ({ probe }) => {
      if (!("spec" in probe)) throw new Error("an endpoint was expected");
      const { outcome, message } = await prober.probe(probe.spec, new AbortController().signal);
      return message === null ? outcome : `${outcome}: ${message}`;
    }),
  );
}

describe("a health endpoint on a private address", () => {
  it("is up when it answers, however it is written", async () => {
    const port = await serve((_, response) => response.end("ok"));
    const tcp = await listen(createTcpServer((socket) => socket.destroy()));
    expect(
      await outcomes([
        `http://localhost:${port}/health`,
        `http://127.0.0.1:${port}/`,
        { name: "named", type: "http", url: `http://localhost:${port}/` },
        { name: "port", type: "tcp", host: "localhost", port: tcp },
      ]),
    ).toEqual(["up", "up", "up", "up"]);
  });

  it("is not reached when it is a metadata address, or one that outbound.deny lists", async () => {
    const [metadata, denied] = await outcomes(["http://169.254.169.254/", "http://10.1.2.3/"], ["10.0.0.0/8"]);
    expect(metadata).toMatch(/^down: .*metadata address/);
    expect(denied).toMatch(/^down: .*denied by `outbound.deny`/);
  });

  it("leads to no other private one", async () => {
    let asked = 0;
    const other = await serve((_, response) => response.end(String(++asked)));
    const port = await serve((_, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${other}/` }).end(),
    );
    expect(await outcomes([`http://localhost:${port}/`])).toEqual([expect.stringMatching(/^down: .*loopback address/)]);
    expect(asked).toBe(0);
  });
});

it.each(["//evil.example/x", "/\\evil.example/x", "/a/../b?c=d"])("asks a service's own balancer for %s", (path) => {
  const base = new URL("http://127.0.0.1:20001");
  const probe = serviceProbe(base, path, 1_000, "127.0.0.1:20001");
  expect("url" in probe && new URL(probe.url).host).toBe("127.0.0.1:20001");
});
