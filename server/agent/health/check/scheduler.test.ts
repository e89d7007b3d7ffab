import { afterEach, describe, expect, it } from "vitest";
import { type Db, openDb } from "#server/db/client.ts";
import { testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import type { OperateAgentConfigInput } from "../../config.ts";
import type { Runtime } from "../../kernel/context.ts";
import type { ProbeResult, Prober, ProbeSpec } from "../../ports/prober.ts";
import { startTimelineConsumer } from "../../timeline/consume.ts";
import type { TimelineEvent, TimelineEventOf } from "../../timeline/schema.ts";
import { type HealthScheduler, type HealthSchedulerOptions, startHealthScheduler } from "./scheduler.ts";

type HealthChanged = TimelineEventOf<"health.changed">;

const up: ProbeResult = { outcome: "up", latencyMs: 3, statusCode: 200, message: null };
const down: ProbeResult = { outcome: "down", latencyMs: 1, statusCode: null, message: "refused the connection" };

/** Answers by the host of the URL; records who was asked when. */
function fakeProber(answer: (name: string) => ProbeResult | Promise<ProbeResult> = () => up) {
  const asked: string[] = [];
  const prober: Prober = {
    async probe(spec: ProbeSpec) {
      const name =
        spec.type === "http" ? new URL(spec.url).hostname.replace(".test", "") : "host" in spec ? spec.host : spec.path;
      asked.push(name);
      return await answer(name);
    },
  };
  return { prober, asked };
}

const endpoint = (name: string, extra: object = {}) => ({
  type: "http" as const,
  name,
  url: `http://${name}.test/`,
  intervalMs: 1_000,
  timeoutMs: 300,
  ...extra,
});

const configOf = (endpoints: ReturnType<typeof endpoint>[], extra: OperateAgentConfigInput["monitoringConfig"] = {}) =>
  testConfig({ services: [], monitoringConfig: { healthEndpoints: endpoints, ...extra } });

async function until<T>(
  what: string,
  read: () => Promise<T | false | null | undefined>,
  timeoutMs = 40_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await read();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const QUICK = { flushMs: 50, leaseMs: 4_000, renewMs: 200 } satisfies Partial<HealthSchedulerOptions>;

/** A client that can lose its database. */
function cuttable(db: Db) {
  let cut = false;
  const proxy = new Proxy(db, {
    get(target, key) {
      if (cut) throw new Error("the connection is cut");
      return Reflect.get(target, key, target);
    },
  });
  return {
    db: proxy,
    cut: () => {
      cut = true;
    },
  };
}

describe("the health scheduler", { timeout: 90_000 }, () => {
  const database = useDatabase();
  const running: Pick<HealthScheduler, "stop">[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((scheduler) => scheduler.stop()));
  });
  const start = async (runtime: Runtime, options: HealthSchedulerOptions) => {
    const scheduler = await startHealthScheduler(runtime, options);
    running.push(scheduler);
    return scheduler;
  };
  const follow = (runtime: Runtime, on: (event: HealthChanged) => Promise<void>) => {
    const onHealth = async (event: TimelineEvent) => {
      if (event.kind === "health.changed") await on(event);
    };
    const consumer = startTimelineConsumer(runtime, { name: "test", on: onHealth, report: () => {} });
    running.push(consumer);
    return consumer;
  };
  const fresh = async (config: ReturnType<typeof testConfig>) => {
    await database.db.$executeRaw`truncate health_target, health_result, health_rollup, health_shard, health_worker,
        timeline_event, timeline_cursor, timeline_postponed`;
    return testContext(database, { config });
  };

  it("shares targets between two workers, checks nothing twice, and takes over when one falls silent", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `site-${i}`);
    const runtime = await fresh(configOf(names.map((name) => endpoint(name))));
    const [one, two] = [fakeProber(), fakeProber()];
    const starts: { targetId: string; slotAtMs: number }[] = [];
    const onStart = (start: (typeof starts)[number]) => starts.push(start);
    const first = await start(runtime, { workerId: "w1", prober: one.prober, onStart, ...QUICK });
    await until("the first has all", async () => first.stats().targets === 40);
    const otherDb = openDb(database.url, 3);
    const connection = cuttable(otherDb);
    const second = await start(
      { ...runtime, db: connection.db },
      { workerId: "w2", prober: two.prober, onStart, ...QUICK },
    );
    await until("both have half", async () => first.stats().shards === 32 && second.stats().shards === 32);
    await until("between them, all", async () => first.stats().targets + second.stats().targets === 40);
    const before = { one: one.asked.length, two: two.asked.length };
    await until("both check", async () => one.asked.length > before.one + 20 && two.asked.length > before.two + 20);

    connection.cut(); // the second can no longer renew: it must stop by itself, the first takes over
    await until("the first has all again", async () => first.stats().targets === 40);
    await until("the second stopped", async () => second.stats().targets === 0);
    const seen = new Set<string>();
    for (const { targetId, slotAtMs } of starts) {
      expect(seen.has(`${targetId}@${slotAtMs}`), `twice at ${slotAtMs}`).toBe(false);
      seen.add(`${targetId}@${slotAtMs}`);
    }
    const asked = one.asked.length;
    await until("the first checks all", async () => new Set(one.asked.slice(asked)).size === 40);
    await Promise.all(running.splice(0).map((scheduler) => scheduler.stop()));
    await otherDb.$disconnect();
    const perSlot = await database.db.healthResult.groupBy({ by: ["targetId"], _count: true });
    expect(perSlot).toHaveLength(40);
  });

  it("gives its shards back when it stops, at once", async () => {
    const runtime = await fresh(configOf([endpoint("a")]));
    const scheduler = await start(runtime, { workerId: "w1", prober: fakeProber().prober, ...QUICK });
    expect(scheduler.stats().shards).toBe(64);
    await scheduler.stop();
    expect(await database.db.healthShard.count({ where: { owner: null } })).toBe(64);
    expect(await database.db.healthWorker.count()).toBe(0);
  });

  it("leaves a hung check behind and delays no other", async () => {
    const names = Array.from({ length: 12 }, (_, i) => `ok-${i}`);
    const runtime = await fresh(configOf([endpoint("hung"), ...names.map((name) => endpoint(name))]));
    const { prober } = fakeProber((name) => (name === "hung" ? new Promise<ProbeResult>(() => {}) : up));
    const drifts: number[] = [];
    const scheduler = await start(runtime, {
      workerId: "w1",
      prober,
      concurrency: 2,
      onStart: ({ driftMs }) => drifts.push(driftMs),
      ...QUICK,
    });
    const hung = await until("the hung one is down", () =>
      database.db.healthTarget.findFirst({ where: { name: "hung", state: "down" } }),
    );
    await scheduler.stop();
    expect(hung.lastMessage).toBe("gave no full answer within 300 ms");
    for (const name of names) {
      const target = await database.db.healthTarget.findFirstOrThrow({ where: { name } });
      expect(target.state).toBe("up");
      expect(await database.db.healthResult.count({ where: { targetId: target.id } })).toBeGreaterThanOrEqual(2);
    }
    expect(drifts.length).toBeGreaterThan(24);
  });

  it("confirms failure and recovery, explains consequences, and hands on each change once in order", async () => {
    const failing = new Set<string>();
    const runtime = await fresh(
      configOf([
        endpoint("payments"),
        endpoint("checkout", { dependsOn: ["payments"] }),
        endpoint("shop", { dependsOn: ["checkout"] }),
      ]),
    );
    const { prober } = fakeProber((name) => (failing.has(name) ? down : up));
    const taken: HealthChanged[] = [];
    let refuse = true;
    follow(runtime, async (event) => {
      if (event.detail.target === "payments" && event.detail.to === "down" && refuse) {
        refuse = false;
        throw new Error("the incident database is busy");
      }
      taken.push(event);
    });
    const scheduler = await start(runtime, { workerId: "w1", prober, ...QUICK });
    const all = (state: string) => async () =>
      (await database.db.healthTarget.count({ where: { state } })) === 3 ? true : null;
    await until("all up", all("up"));
    for (const name of ["payments", "checkout", "shop"]) failing.add(name);
    await until("all down", all("down"));
    const payments = await database.db.healthTarget.findFirstOrThrow({ where: { name: "payments" } });
    await until("both others are explained", async () =>
      (await database.db.healthTarget.count({ where: { causedBy: payments.id } })) === 2 ? true : null,
    );
    failing.clear();
    await until("all up again", all("up"));
    const states = (name: string) =>
      taken
        .map(({ detail }) => detail)
        .filter(({ target, from, to }) => target === name && from !== to)
        .map(({ to }) => to);
    await until("all handed on", async () =>
      ["payments", "checkout", "shop"].every((name) => states(name).at(-1) === "up" && states(name).length > 1),
    );
    for (const name of ["payments", "checkout", "shop"]) expect(states(name)).toEqual(["up", "pending", "down", "up"]);
    expect(new Set(taken.map(({ key }) => key)).size).toBe(taken.length);
    const downs = taken.map(({ detail }) => detail).filter(({ to }) => to === "down");
    const shopDown = downs.find(({ target }) => target === "shop");
    expect(shopDown?.causedBy?.name).toBe("payments");
    expect(downs.find(({ target }) => target === "payments")?.causedBy).toBeNull();
    expect(downs.some(({ target, causedBy }) => target !== "payments" && !causedBy)).toBe(false);
    await scheduler.stop();
    expect(runtime.published.some(({ topic, subjectId }) => topic === "health" && subjectId === payments.id)).toBe(
      true,
    );
  });

  it("hands on after a restart what a crash kept from being handed on", async () => {
    const runtime = await fresh(configOf([endpoint("a")]));
    const first = await start(runtime, { workerId: "w1", prober: fakeProber().prober, ...QUICK });
    const refusing = follow(runtime, () => Promise.reject(new Error("gone")));
    await until("the change is stored", () =>
      database.db.timelineEvent.findFirst({ where: { detail: { path: ["to"], equals: "up" } } }),
    );
    await first.stop();
    await refusing.stop();
    const taken: string[] = [];
    const second = await start(runtime, { workerId: "w2", prober: fakeProber().prober, ...QUICK });
    follow(runtime, async ({ detail }) => void taken.push(detail.to));
    await until("it is taken", async () => taken.length > 0);
    await second.stop();
    expect(taken).toEqual(["up"]);
  });

  it("checks services behind the balancer the platform names, and makes no result while that is unknown", async () => {
    const config = testConfig({ monitoringConfig: { checkIntervalMs: 1_000 } });
    const runtime = await fresh(config);
    for (const service of runtime.platform.services.values())
      service.url = `http://${service.service}.${service.environment}.test:4000`;
    runtime.platform.unreachable = true;
    const specs: ProbeSpec[] = [];
    const prober: Prober = { probe: async (spec) => (specs.push(spec) ? up : down) };
    const errors: string[] = [];
    const report = (message: string) => void errors.push(message);
    const scheduler = await start(runtime, { workerId: "w1", prober, report, ...QUICK });
    await until("four were tried", async () => errors.length >= 4);
    expect(specs).toEqual([]);
    runtime.platform.unreachable = false;
    await until(
      "all four are up",
      async () => (await database.db.healthTarget.count({ where: { state: "up" } })) === 4,
    );
    await scheduler.stop();
    expect(specs[0]).toMatchObject({ type: "http" });
    const urls = new Set(specs.map((spec) => (spec.type === "http" ? spec.url : "")));
    expect(urls).toContain("http://checkout.production.test:4000/");
    expect(specs[0]).toMatchObject({ trusted: [expect.stringMatching(/\.test:4000$/)] });
  });

  it("keeps results while the database refuses them and writes them afterwards", async () => {
    const runtime = await fresh(configOf([endpoint("a")]));
    const reports: string[] = [];
    const report = (message: string) => void reports.push(message);
    const scheduler = await start(runtime, {
      workerId: "w1",
      prober: fakeProber().prober,
      report,
      ...QUICK,
    });
    await until("it is up", () => database.db.healthTarget.findFirst({ where: { state: "up" } }));
    await database.db.$executeRaw`alter table health_result rename to health_result_away`;
    await until("a batch was kept", async () => reports.some((message) => message.includes("kept")));
    expect(scheduler.stats().waiting).toBeGreaterThan(0);
    const kept = await database.db.$queryRaw<{ n: number }[]>`select count(*)::int as n from health_result_away`;
    await database.db.$executeRaw`alter table health_result_away rename to health_result`;
    await until("nothing waits", async () => scheduler.stats().waiting === 0);
    await scheduler.stop();
    expect(await database.db.healthResult.count()).toBeGreaterThan(kept[0]?.n ?? 0);
    expect(scheduler.stats().dropped).toBe(0);
  });
});
