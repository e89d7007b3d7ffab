import { describe, expect, it } from "vitest";
import { lineAt } from "./line-pages.ts";
import { createLineReader, type ReadPage } from "./line-reader.ts";

const PAGE = 500;
const source = { kind: "built-in" as const, address: null, asOf: "2026-11-25T10:00:00Z", stale: false };

/** A source of `total` lines whose cursors are offsets. */
function sourceOf(total: number) {
  const asked: (string | null)[] = [];
  const read: ReadPage = async (cursor, signal) => {
    asked.push(cursor);
    await Promise.resolve();
    signal.throwIfAborted();
    const start = Number(cursor ?? 0);
    const end = Math.min(total, start + PAGE);
    const lines = Array.from({ length: end - start }, (_, i) => ({
      id: String(start + i),
      at: "2026-11-25T10:00:00.000000Z",
      service: "checkout",
      environment: "production",
      version: "",
      instance: "",
      level: null,
      body: "",
      attributes: {},
      traceId: null,
      spanId: null,
      patternId: null,
    }));
    return { lines, nextCursor: end < total ? String(end) : null, matched: total, truncated: end < total, source };
  };
  return { asked, read };
}

describe("the reader of lines", () => {
  it("reads ahead of what is seen, and no further", async () => {
    const { asked, read } = sourceOf(100_000);
    const reader = createLineReader(read);
    await reader.see(0, 30);
    expect(asked).toEqual([null]);
    await reader.see(300, 330);
    expect(asked).toEqual([null, "500"]);
    expect(reader.state()).toMatchObject({ matched: 100_000, reading: false, error: null });
  });

  it("reads on to a place that was jumped to, and back from it", async () => {
    const { read } = sourceOf(20_000);
    const reader = createLineReader(read);
    await reader.see(19_990, 20_050);
    expect(reader.state().pages).toMatchObject({ count: 20_000, ended: true });
    expect(lineAt(reader.state().pages, 19_999)?.id).toBe("19999");
    expect(lineAt(reader.state().pages, 5)).toBeNull();
    await reader.see(0, 20);
    expect(lineAt(reader.state().pages, 5)?.id).toBe("5");
  });

  it("asks once, however often it is told what is seen", async () => {
    const { asked, read } = sourceOf(5_000);
    const reader = createLineReader(read);
    await Promise.all([reader.see(0, 10), reader.see(0, 11), reader.see(0, 12)]);
    expect(asked).toEqual([null]);
  });

  it("keeps what it has after an error, and goes on when asked again", async () => {
    const good = sourceOf(1_000);
    let fails = false;
    const reader = createLineReader((cursor, signal) =>
      fails ? Promise.reject(new Error("gone")) : good.read(cursor, signal),
    );
    await reader.see(0, 10);
    fails = true;
    await reader.see(400, 450);
    expect(reader.state()).toMatchObject({ error: expect.any(Error), reading: false });
    expect(reader.state().pages.count).toBe(500);
    fails = false;
    await reader.again();
    expect(reader.state()).toMatchObject({ error: null });
    expect(reader.state().pages.count).toBe(1_000);
  });

  it("stops when told to, drops what comes late, and goes on", async () => {
    const good = sourceOf(1_000);
    const gate = Promise.withResolvers<void>();
    let aborted = false;
    const reader = createLineReader(async (cursor, signal) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      if (!aborted) await gate.promise;
      return good.read(cursor, new AbortController().signal);
    });
    const first = reader.see(0, 10);
    reader.stop();
    gate.resolve();
    await first;
    expect(aborted).toBe(true);
    expect(reader.state()).toMatchObject({ stopped: true, reading: false });
    expect(reader.state().pages.count).toBe(0);
    await reader.again();
    expect(reader.state().pages.count).toBe(500);
  });
});
