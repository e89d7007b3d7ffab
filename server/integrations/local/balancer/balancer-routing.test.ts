import { once } from "node:events";
import { createServer, get, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { countedByVersion } from "#server/testing/local-platform/raw-instance.ts";
import { freePort } from "../instance/free-port.ts";
import { Balancer } from "./balancer.ts";
import type { Target } from "./exchange-host.ts";
import type { Routing } from "./route-choice.ts";

/** Callers that stay with their version and authors who look at the next one, over real connections. */

const OLD = "1.0.0";
const NEW = "2.0.0";
const closers: (() => Promise<void> | void)[] = [];
let balancer: Balancer;
let url: string;

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function begin(routing: Routing, weights: Record<string, number> | null, versions = [OLD, NEW]): Promise<void> {
  const observer = { currentVersion: () => OLD, refused: () => undefined };
  balancer = new Balancer({ service: "web", environment: "staging" }, observer, {}, routing);
  url = `http://127.0.0.1:${await balancer.listen(0)}`;
  closers.push(() => balancer.close(0));
  balancer.rotation.update(await Promise.all(versions.map((version) => target(version))), weights);
  share(weights);
}

async function target(version: string, more: RequestListener = () => undefined): Promise<Target> {
  const server = createServer((request, response) => {
    more(request, response);
    response.end(version);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return balancer.createTarget(version, version, (server.address() as AddressInfo).port);
}

function share(weights: Record<string, number> | null): void {
  balancer.rotation.update(balancer.rotation.candidates, weights);
  balancer.routes.update(weights, NEW, weights && "salt");
}

async function ask(headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  return { version: await response.text(), headers: response.headers };
}

const counted = () => countedByVersion(balancer);
const PREVIEW = { sticky: null, previewHeader: "X-Operate-Version" };

describe("a caller that stays with its version", () => {
  it("is told by a header, goes over once while the share grows, and comes back when it shrinks", async () => {
    await begin({ sticky: { by: "header", name: "X-User" }, previewHeader: null }, { [OLD]: 100 });
    const users = Array.from({ length: 60 }, (_, i) => `user-${i}`);
    const versions = async () => Promise.all(users.map(async (user) => (await ask({ "x-user": user })).version));
    let before = await versions();
    expect(new Set(before)).toEqual(new Set([OLD]));
    for (const weight of [25, 50, 100]) {
      share({ [OLD]: 100 - weight, [NEW]: weight });
      const now = await versions();
      expect(await versions()).toEqual(now);
      for (const [i, version] of before.entries()) if (version === NEW) expect(now[i]).toBe(NEW);
      before = now;
    }
    expect(new Set(before)).toEqual(new Set([NEW]));
    share({ [OLD]: 100, [NEW]: 0 });
    expect(new Set(await versions())).toEqual(new Set([OLD]));
  });

  it.each([
    { name: "none", own: [] },
    { name: "one", own: ["session=1; HttpOnly"] },
    { name: "two", own: ["session=1", "theme=dark"] },
  ])("is given a cookie beside the instance's $name, once", async ({ own }) => {
    await begin({ sticky: { by: "cookie", name: "op" }, previewHeader: null }, { [OLD]: 50, [NEW]: 50 }, []);
    const setsCookies: RequestListener = (_, response) => void response.setHeader("set-cookie", own);
    balancer.rotation.update([await target(OLD, setsCookies), await target(NEW, setsCookies)], {
      [OLD]: 50,
      [NEW]: 50,
    });
    const first = await ask();
    const cookies = first.headers.getSetCookie();
    expect(cookies.slice(0, -1)).toEqual(own);
    expect(cookies.at(-1)).toMatch(/^op=[\w-]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
    for (let i = 0; i < 10; i++) {
      const again = await ask({ cookie: `a=b; ${cookies.at(-1)?.split(";")[0]}` });
      expect(again.version).toBe(first.version);
      expect(again.headers.getSetCookie()).toEqual(own);
    }
  });

  it("is served by the other version while its own has no ready instance", async () => {
    await begin({ sticky: { by: "header", name: "X-User" }, previewHeader: null }, { [NEW]: 100 }, [OLD]);
    expect((await ask({ "x-user": "ada" })).version).toBe(OLD);
  });
});

describe("an author's preview", () => {
  it("is answered by the version it names, which has no share, says so, and is not counted", async () => {
    await begin(PREVIEW, { [OLD]: 100, [NEW]: 0 });
    for (let i = 0; i < 5; i++) {
      const preview = await ask({ "x-operate-version": NEW });
      expect([preview.version, preview.headers.get("x-operate-version")]).toEqual([NEW, NEW]);
      expect((await ask()).version).toBe(OLD);
    }
    expect((await ask()).headers.has("x-operate-version")).toBe(false);
    expect(counted()).toMatchObject([{ version: OLD, requests: 6 }]);
  });

  it.each(["9.9.9", "x".repeat(300)])(
    "of a version without a ready instance is a request like any other, and the answer says so",
    async (wish) => {
      await begin(PREVIEW, { [OLD]: 100, [NEW]: 0 });
      const { version, headers } = await ask({ "x-operate-version": wish });
      expect(version).toBe(OLD);
      expect(headers.get("x-operate-version-missing")).toBe(wish.slice(0, 100));
      expect(headers.has("x-operate-version")).toBe(false);
      expect(counted()).toMatchObject([{ version: OLD, requests: 1 }]);
    },
  );

  it("of a version that refuses the connection is served by users' version", async () => {
    await begin(PREVIEW, { [OLD]: 100, [NEW]: 0 }, [OLD]);
    const dead = balancer.createTarget(NEW, NEW, await freePort());
    balancer.rotation.update([...balancer.rotation.candidates, dead], { [OLD]: 100, [NEW]: 0 });
    const { version, headers } = await ask({ "x-operate-version": NEW });
    expect([version, headers.get("x-operate-version-missing")]).toEqual([OLD, NEW]);
  });
});

it("answers by its port under every name of this machine, as the console links to it", async () => {
  await begin({ sticky: null, previewHeader: null }, null, [OLD]);
  const { port } = new URL(url);
  for (const host of [`web.localhost:${port}`, `localhost:${port}`, `127.0.0.1:${port}`]) {
    const request = get({ host: "127.0.0.1", port, headers: { host } });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
  }
});
