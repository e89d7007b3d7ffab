import { describe, expect, it } from "vitest";
import { AppError } from "../kernel/errors.ts";
import { createMiner } from "../mining/index.ts";
import type { LogRecord } from "../ports/telemetry.ts";
import { createPatternRegistry } from "./pattern-registry.ts";

/** Patterns as a store keeps them: one id a template, and what became of those that changed. */
function patternStore(known: readonly { id: number; template: string }[] = []) {
  const ids = new Map(known.map(({ id, template }) => [template, id]));
  let down = false;
  const fail = () => {
    if (down) throw new AppError("UPSTREAM_UNAVAILABLE", "away");
  };
  const idOf = (template: string) => {
    const id = ids.get(template) ?? ids.size + 1;
    ids.set(template, id);
    return id;
  };
  return {
    templates: () => Object.fromEntries([...ids].map(([template, id]) => [id, template])),
    setDown: (now: boolean) => {
      down = now;
    },
    patternIds: async (templates: readonly string[]) => {
      fail();
      return new Map(templates.map((template) => [template, idOf(template)]));
    },
    generalisePattern: async (from: number, template: string) => {
      fail();
      const existing = ids.get(template);
      if (existing !== undefined) return existing;
      for (const [old, id] of ids) if (id === from) ids.delete(old);
      ids.set(template, from);
      return from;
    },
  };
}

const record = (body: string): LogRecord => ({
  ...{ service: "a", environment: "", version: "", instance: "", atMs: 0, severity: 0, body, attributes: {} },
  ...{ traceId: null, spanId: null },
});
const entries = (...names: string[]) => names.map((name) => record(`cache entry ${name} of shop evicted early`));

describe("the ids of patterns", () => {
  it("are one for the lines of one pattern, also when it grows more general", async () => {
    const store = patternStore();
    const book = createPatternRegistry(store, createMiner());
    await book.mine(entries("alpha", "beta", "gamma"));
    const lines = await book.mine(entries("delta", "epsilon", "alpha"));
    expect(new Set(lines.map((line) => line.patternId)).size).toBe(1);
    expect(store.templates()[lines[0]?.patternId ?? -1]).toBe("cache entry <*> of shop evicted early");
  });

  it("are those of before after a restart", async () => {
    const known = [{ id: 7, template: "cache entry <*> of shop evicted early" }];
    const book = createPatternRegistry(patternStore(known), createMiner({ patterns: known }));
    expect((await book.mine(entries("alpha"))).map((line) => line.patternId)).toEqual([7]);
  });

  it("are made up for once the database is back", async () => {
    const store = patternStore();
    const book = createPatternRegistry(store, createMiner());
    store.setDown(true);
    await expect(book.mine(entries("alpha", "beta"))).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
    await expect(book.mine(entries("gamma", "delta", "epsilon"))).rejects.toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
    });
    store.setDown(false);
    const [line] = await book.mine(entries("zeta"));
    expect(store.templates()[line?.patternId ?? -1]).toBe("cache entry <*> of shop evicted early");
  });

  it("are right for batches that are mined at once", async () => {
    const store = patternStore();
    const book = createPatternRegistry(store, createMiner());
    const batches = await Promise.all(
      Array.from({ length: 20 }, (_, i) => book.mine([record(`order ${i} paid`), record(`user u${i} logged in`)])),
    );
    const [order, user] = [0, 1].map((i) => new Set(batches.map((batch) => batch[i]?.patternId)));
    expect([order?.size, user?.size]).toEqual([1, 1]);
    expect(order).not.toEqual(user);
  });
});
