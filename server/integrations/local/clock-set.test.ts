import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDaemon, eventually, sampleService, type TestDaemon } from "#server/testing/local-platform/daemon.ts";
import { canFakeClock, fakeClock } from "#server/testing/local-platform/faked-clock.ts";

/** A daemon whose wall clock is set while it runs. */

const WEB = { service: "web", environment: "staging" };
const HOUR_S = 3_600;
let daemon: TestDaemon;
let clock: ReturnType<typeof fakeClock>;

beforeEach(async () => {
  if (!canFakeClock) return;
  clock = fakeClock();
  daemon = createTestDaemon([sampleService("web")]);
  await daemon.start(clock.env);
  await eventually(async () =>
    (await daemon.platform.workloads.getService(WEB)).instances.every((one) => one.state === "ready"),
  );
});
afterEach(async () => {
  if (!canFakeClock) return;
  await daemon.dispose();
  clock.dispose();
});

const ask = async (path = "/", count = 1) => {
  const { url } = await daemon.platform.workloads.getService(WEB);
  for (let i = 0; i < count; i++) await (await fetch(url + path.slice(url.endsWith("/") ? 1 : 0))).arrayBuffer();
};
/** requests of the samples that begin in the last minute of the daemon's clock */
const counted = async () => {
  const since = new Date(clock.now().getTime() - 60_000);
  const rows = await daemon.platform.traffic.samplesSince({ ...WEB, since });
  expect(rows.filter((row) => Date.parse(row.bucketAt) > clock.now().getTime())).toEqual([]);
  return rows.reduce((sum, row) => sum + row.requests, 0);
};

describe.runIf(canFakeClock)("with Debian's libfaketime, a daemon whose clock is set", () => {
  it.each([
    ["an hour back", [-HOUR_S]],
    ["an hour forward", [HOUR_S]],
    ["an hour forward and back after a moment", [HOUR_S, 0]],
    ["ten minutes back", [-600]],
  ])("%s goes on counting, and keeps what it counted", async (_, sets) => {
    await ask("/", 5);
    for (const seconds of sets) {
      clock.set(seconds);
      await daemon.platform.traffic.samplesSince({ ...WEB, since: clock.now() });
      await ask("/", 1);
    }
    await ask("/", 3);
    const all = 5 + sets.length + 3;
    expect(await eventually(async () => (await counted()) === all && all, 20_000)).toBe(all);
  });

  it.each([
    { name: "back", seconds: -HOUR_S, slowMs: 20_000, drainMs: 700, remaining: 1 },
    { name: "forward", seconds: HOUR_S, slowMs: 1_500, drainMs: 15_000, remaining: 0 },
  ])("$name in the middle of a drain ends it neither an hour later nor at once", async (row) => {
    const answer = ask(`/slow?ms=${row.slowMs}`).catch(() => "cut");
    const busy = await eventually(async () =>
      (await daemon.platform.workloads.getService(WEB)).instances.find((one) => one.inFlight === 1),
    );
    const startedMs = performance.now();
    const drained = daemon.platform.workloads.instances.drain({ instanceId: busy.id, timeoutMs: row.drainMs });
    clock.set(row.seconds);
    expect(await drained).toEqual({ remaining: row.remaining });
    expect(performance.now() - startedMs).toBeLessThan(12_000);
    await daemon.platform.workloads.instances.stop({ instanceId: busy.id, drainTimeoutMs: 0 });
    await answer;
  });
});
