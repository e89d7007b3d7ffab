import { afterEach, describe, expect, it, vi } from "vitest";
import { testConfig } from "#server/testing/context.ts";
import { type CheckLoop, type CheckStart, createCheckLoop } from "./check-loop.ts";
import { planTargets } from "./targets.ts";

const HOUR = 3_600_000;
const targetsOf = (count: number, intervalMs: number) =>
  planTargets(
    testConfig({
      services: [],
      monitoringConfig: {
        checkIntervalMs: intervalMs,
        healthEndpoints: Array.from({ length: count }, (_, i) => ({
          type: "tcp" as const,
          name: `t${i}`,
          host: "a.test",
          port: 1,
        })),
      },
    }),
  );

describe("the check loop", () => {
  let loop: CheckLoop | undefined;
  afterEach(() => {
    loop?.stop();
    vi.useRealTimers();
  });

  /** `jumpMs` moves the wall clock; the monotonic one goes on. */
  function start(options: { concurrency?: number; mayCheck?: () => boolean; takesMs?: number } = {}) {
    vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
    const starts: CheckStart[] = [];
    const clock = { jumpMs: 0 };
    let running = 0;
    let mostRunning = 0;
    loop = createCheckLoop({
      check: async () => {
        mostRunning = Math.max(mostRunning, ++running);
        await new Promise((resolve) => setTimeout(resolve, options.takesMs ?? 5));
        running--;
        return { outcome: "up", latencyMs: 5, statusCode: null, message: null };
      },
      onResult: () => {},
      onError: () => {},
      onStart: (check) => starts.push(check),
      concurrency: options.concurrency ?? 1_000,
      mayCheck: options.mayCheck ?? (() => true),
      now: () => Date.now() + clock.jumpMs,
    });
    return { loop, starts, clock, most: () => mostRunning };
  }
  const perTarget = (starts: CheckStart[]) =>
    [...Map.groupBy(starts, ({ targetId }) => targetId).values()].map((list) => list.length);

  it("checks every target once an interval, on time", async () => {
    const { loop, starts } = start();
    loop.add(targetsOf(300, 10_000), new Set());
    await vi.advanceTimersByTimeAsync(50_000);
    expect(perTarget(starts)).toEqual(new Array(300).fill(5));
    expect(Math.max(...starts.map(({ driftMs }) => driftMs))).toBeLessThan(5);
  });

  it("makes no storm after a jump of the clock, in either direction", async () => {
    const { loop, starts, clock } = start();
    loop.add(targetsOf(300, 10_000), new Set());
    await vi.advanceTimersByTimeAsync(10_000);
    for (const jump of [HOUR, -2 * HOUR]) {
      clock.jumpMs += jump;
      starts.length = 0;
      await vi.advanceTimersByTimeAsync(1_000);
      expect(starts.length).toBeLessThan(80); // a tenth of 300, not all of them
      await vi.advanceTimersByTimeAsync(10_000);
      expect(new Set(starts.map(({ targetId }) => targetId)).size).toBe(300);
      expect(Math.max(...starts.map(({ driftMs }) => driftMs))).toBeLessThan(1_000);
    }
  });

  it("checks new targets soon, spread out, and then at their slots", async () => {
    const { loop, starts } = start();
    const targets = targetsOf(50, 60_000);
    loop.add(targets, new Set(targets.map(({ id }) => id)));
    await vi.advanceTimersByTimeAsync(50);
    expect(starts.length).toBeLessThan(10);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(new Set(starts.map(({ targetId }) => targetId)).size).toBeGreaterThan(40);
    await vi.advanceTimersByTimeAsync(54_000);
    expect(new Set(starts.map(({ targetId }) => targetId)).size).toBe(50);
  });

  it("bounds how many run at once, and skips what it cannot start in time", async () => {
    const { loop, starts, most } = start({ concurrency: 3, takesMs: 2_000 });
    loop.add(targetsOf(60, 10_000), new Set());
    await vi.advanceTimersByTimeAsync(40_000);
    expect(most()).toBe(3);
    expect(loop.counts().skipped).toBeGreaterThan(0);
    expect(Math.max(...starts.map(({ driftMs }) => driftMs))).toBeLessThanOrEqual(5_000);
  });

  it("starts nothing without a lease, nor what was let go", async () => {
    let leased = false;
    const { loop, starts } = start({ mayCheck: () => leased });
    const targets = targetsOf(20, 1_000);
    loop.add(targets, new Set());
    await vi.advanceTimersByTimeAsync(3_000);
    expect(starts).toHaveLength(0);
    leased = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(starts).toHaveLength(20);
    const gone = targets[0]?.id;
    loop.remove(({ id }) => id === gone);
    starts.length = 0;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(starts.some(({ targetId }) => targetId === gone)).toBe(false);
    expect(starts).toHaveLength(38);
  });
});
