import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { RouteChoice } from "./route-choice.ts";

const asked = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;
const callers = Array.from({ length: 4_000 }, (_, i) => `user-${i}`);
const sticky = (by: "header" | "cookie") => new RouteChoice({ sticky: { by, name: "X-User" }, previewHeader: null });

describe("a sticky caller", () => {
  it("is given the candidate in proportion to its weight, and keeps it while that grows", () => {
    const routes = sticky("header");
    const on = (weight: number) => {
      routes.update({ old: 100 - weight, new: weight }, "new", "salt");
      return new Set(callers.filter((id) => routes.choose(asked({ "x-user": id }))?.version === "new"));
    };
    let before = new Set<string>();
    for (const weight of [0, 5, 25, 50, 100]) {
      const now = on(weight);
      expect(now.size / callers.length).toBeCloseTo(weight / 100, 1);
      expect([...before].filter((id) => !now.has(id))).toEqual([]);
      before = now;
    }
    expect(before.size).toBe(callers.length);
  });

  it("cannot tell from one rollout, nor from the source code, where it falls in the next", () => {
    const chosenIn = (salt: string) => {
      const routes = sticky("header");
      routes.update({ old: 95, new: 5 }, "new", salt);
      return new Set(callers.filter((id) => routes.choose(asked({ "x-user": id }))?.version === "new"));
    };
    const [first, again, next] = [chosenIn("a"), chosenIn("a"), chosenIn("b")];
    expect(again).toEqual(first);
    const both = [...first].filter((id) => next.has(id)).length;
    expect(both / first.size).toBeLessThan(0.2);
  });

  it("goes with the weights when it names nobody, or when there are none", () => {
    const routes = sticky("header");
    routes.update({ old: 50, new: 50 }, "new", "salt");
    expect(routes.choose(asked({}))).toBeNull();
    routes.update(null, null, null);
    expect(routes.choose(asked({ "x-user": "ada" }))).toBeNull();
  });

  it("is given a cookie, and recognised by it among others", () => {
    const routes = sticky("cookie");
    routes.update({ old: 50, new: 50 }, "new", "salt");
    const first = routes.choose(asked({ cookie: "theme=dark" }));
    const id = /^X-User=([\w-]{16}); Path=\/; HttpOnly; SameSite=Lax$/.exec(first?.setCookie ?? "")?.[1];
    expect(id).toBeDefined();
    const again = routes.choose(asked({ cookie: `theme=dark; X-User=${id}; a=b` }));
    expect(again).toEqual({ version: first?.version, preview: false, setCookie: null, caller: first?.caller });
  });
});

describe("a preview", () => {
  it("asks for a version by name, past stickiness and weights", () => {
    const routes = new RouteChoice({ sticky: { by: "header", name: "x-user" }, previewHeader: "X-Operate-Version" });
    routes.update({ old: 100, new: 0 }, "new", "salt");
    const choice = routes.choose(asked({ "x-operate-version": "new", "x-user": "ada" }));
    expect(choice).toEqual({ version: "new", preview: true, setCookie: null });
  });

  it("can be turned off", () => {
    const routes = new RouteChoice({ sticky: null, previewHeader: null });
    expect(routes.choose(asked({ "x-operate-version": "new" }))).toBeNull();
  });
});

it("callers fall into buckets evenly, neighbours too", () => {
  const routes = sticky("header");
  routes.update({ old: 50, new: 50 }, "new", "salt");
  const tenths = new Array<number>(10).fill(0);
  for (const id of callers)
    tenths[Math.floor(((routes.choose(asked({ "x-user": id }))?.caller ?? 0) % 10_000) / 1_000)]! += 1;
  for (const count of tenths) expect(count / callers.length).toBeCloseTo(0.1, 1);
});
