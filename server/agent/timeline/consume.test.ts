import { beforeEach, describe, expect, it } from "vitest";
import { testConfig } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { consumeTimeline, startTimelineConsumer, type TimelineConsumer } from "./consume.ts";
import { recordOnTimeline } from "./record.ts";
import { deleteOldEvents } from "./retention.ts";
import type { TimelineEvent } from "./schema.ts";

const AT = new Date("2026-03-01T12:00:00.000Z");

const event = (key: string, subject = key, at = AT): TimelineEvent => ({
  ...{ key, at, subject, service: null, environment: null, level: "error", title: `${subject} is down` },
  kind: "health.changed",
  detail: { target: subject, from: "up", to: "down", causedBy: null, message: null, muted: false, flapping: false },
});

describe("a consumer of the time line", () => {
  const database = useDatabase();
  const elsewhere = useDatabase();
  beforeEach(async () => {
    await database.db.$executeRaw`truncate timeline_event, timeline_cursor, timeline_postponed`;
  });

  const record = (...events: TimelineEvent[]) => database.db.$transaction((tx) => recordOnTimeline(tx, ...events));
  const retryNow = () => database.db.timelinePostponed.updateMany({ data: { retryAt: new Date(0) } });

  /** Takes everything except what `refuses` names. */
  function consumer(refuses: ReadonlySet<string> = new Set(), name = "test") {
    const taken: string[] = [];
    const reports: string[] = [];
    const on: TimelineConsumer["on"] = async ({ key }) => {
      if (refuses.has(key)) throw new Error("not now");
      taken.push(key);
    };
    return { taken, reports, consumer: { name, on, report: (message: string) => void reports.push(message) } };
  }

  it("gets every event once, in order, as it was written", async () => {
    await record(event("a"), event("b"));
    await record(event("b"), event("c"));
    const seen: TimelineEvent[] = [];
    const all = { name: "test", on: async (one: TimelineEvent) => void seen.push(one), report: () => {} };
    await consumeTimeline(database, all);
    await consumeTimeline(database, all);
    expect(seen).toEqual([event("a"), event("b"), event("c")]);
    const another = consumer(new Set(), "another");
    await consumeTimeline(database, another.consumer);
    expect(another.taken).toEqual(["a", "b", "c"]);
  });

  it("gets nothing of what was rolled back, and text that no database can hold as far as it can", async () => {
    const { taken, consumer: one } = consumer();
    await expect(
      database.db.$transaction(async (tx) => {
        await recordOnTimeline(tx, event("a"));
        throw new Error("the change failed");
      }),
    ).rejects.toThrow("the change failed");
    await record({ ...event("b"), title: "half\ud800 and nothing\u0000" });
    await consumeTimeline(database, one);
    expect(taken).toEqual(["b"]);
    expect((await database.db.timelineEvent.findFirst())?.title).toBe("half\ufffd and nothing\ufffd");
  });

  it("misses nothing of a transaction that commits after a later one", async () => {
    const { taken, consumer: one } = consumer();
    const committed = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const slow = database.db.$transaction(async (tx) => {
      await recordOnTimeline(tx, event("slow"));
      written.resolve();
      await committed.promise;
    });
    await written.promise;
    await record(event("quick"));
    await consumeTimeline(database, one);
    expect(taken).toEqual([]);
    committed.resolve();
    await slow;
    await consumeTimeline(database, one);
    expect(taken).toEqual(["slow", "quick"]);
  });

  it("does not wait for a transaction of another database", async () => {
    const { taken, consumer: one } = consumer();
    const ended = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const slow = elsewhere.db.$transaction(async (tx) => {
      await recordOnTimeline(tx, event("elsewhere"));
      written.resolve();
      await ended.promise;
    });
    await written.promise;
    await record(event("a"));
    await consumeTimeline(database, one);
    ended.resolve();
    await slow;
    expect(taken).toEqual(["a"]);
  });

  it("gets again what was taken right before a crash", async () => {
    await record(event("a"), event("b"));
    const { taken, consumer: one } = consumer();
    // the worker is gone after the effect of the event, before its cursor moves
    const crashes = new Proxy(database.db, {
      get: (db, key) => {
        if (taken.length > 0) throw new Error("the worker is gone");
        return Reflect.get(db, key, db);
      },
    });
    await expect(consumeTimeline({ db: crashes }, one)).rejects.toThrow("the worker is gone");
    expect(taken).toEqual(["a"]);
    await consumeTimeline(database, one);
    expect(taken, "another worker waits for the lease").toEqual(["a"]);
    await database.db.timelineCursor.updateMany({ data: { leaseUntil: new Date(0) } });
    await consumeTimeline(database, one);
    expect(taken).toEqual(["a", "a", "b"]);
  });

  it("is offered again what it refused, with later events of the same subject behind it and no others", async () => {
    const refused = new Set(["a1"]);
    const { taken, reports, consumer: one } = consumer(refused);
    await record(event("a1", "a"), event("b1", "b"), event("a2", "a"), event("b2", "b"));
    await consumeTimeline(database, one);
    expect(taken).toEqual(["b1", "b2"]);
    expect(reports).toEqual(["test did not take the event a1; it is offered again"]);
    await record(event("a3", "a"), event("b3", "b"));
    await consumeTimeline(database, one);
    expect(taken).toEqual(["b1", "b2", "b3"]);
    await retryNow();
    await consumeTimeline(database, one);
    expect(reports).toHaveLength(2);
    refused.clear();
    await retryNow();
    await consumeTimeline(database, one);
    expect(taken).toEqual(["b1", "b2", "b3", "a1", "a2", "a3"]);
    expect(await database.db.timelinePostponed.count()).toBe(0);
  });

  it("waits longer after each refusal, a minute at most", async () => {
    const { consumer: one } = consumer(new Set(["a"]));
    await record(event("a"));
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      await consumeTimeline(database, one);
      const [row] = await database.db.$queryRaw<{ ms: number }[]>`
        select 1000 * extract(epoch from "retryAt" - now())::float8 as ms from timeline_postponed`;
      waits.push(Math.ceil(row!.ms / 2_000) * 2);
      await retryNow();
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it("is handed each event once by two workers, also when one ends in the middle", async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `e${i}`);
    await record(...keys.map((key) => event(key)));
    const { taken, consumer: one } = consumer();
    const half = new AbortController();
    const first: TimelineConsumer = {
      ...one,
      on: async (given) => {
        await one.on(given);
        if (taken.length === 20) half.abort();
      },
    };
    await Promise.all([consumeTimeline(database, first, half.signal), consumeTimeline(database, first, half.signal)]);
    expect(taken.length).toBeLessThan(60);
    await Promise.all([consumeTimeline(database, one), consumeTimeline(database, one)]);
    expect(taken).toEqual(keys);
  });

  it.each(["unread", "postponed"])(
    "leaves %s events to the worker that took over while this one was slow",
    async (how) => {
      await record(event("a"), event("b"));
      if (how === "postponed") {
        await consumeTimeline(database, consumer(new Set(["a", "b"])).consumer);
        await retryNow();
      }
      const { taken, consumer: one } = consumer();
      const slow: TimelineConsumer = {
        ...one,
        on: async (given) => {
          await one.on(given);
          await database.db.timelineCursor.updateMany({ data: { leaseUntil: new Date(0) } });
          await consumeTimeline(database, one);
        },
      };
      await consumeTimeline(database, slow);
      expect(taken).toEqual(["a", "a", "b"]);
      await consumeTimeline(database, one);
      expect(taken).toHaveLength(3);
    },
  );

  it("goes past an event of a kind that this version does not know, and says so", async () => {
    await record(event("a"), event("b"));
    await database.db.timelineEvent.updateMany({ where: { key: "a" }, data: { kind: "weather.changed" } });
    const { taken, reports, consumer: one } = consumer();
    await consumeTimeline(database, one);
    expect(taken).toEqual(["b"]);
    expect(reports).toEqual([
      expect.stringContaining("goes past the event a, which this version of Operate cannot read"),
    ]);
  });

  it("goes on after a restore into another PostgreSQL, whose transactions count from the beginning", async () => {
    const { taken, consumer: one } = consumer();
    await record(event("a"));
    await consumeTimeline(database, one);
    await record(event("b"));
    await database.db.$executeRaw`update timeline_event set xid = ((xid::text)::bigint + 1000000000)::text::xid8`;
    await database.db.$executeRaw`update timeline_cursor set xid = ((xid::text)::bigint + 1000000000)::text::xid8`;
    await record(event("c"));
    const running = startTimelineConsumer(database, one);
    while (taken.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    await running.stop();
    expect(taken).toEqual(["a", "b", "c"]);
  });

  it.each([
    [{ historyDays: 30 }, 90],
    [{ historyDays: 400 }, 400],
    [{ historyDays: 30, rollupsDays: 200 }, 200],
  ])("keeps events as long as what reads them: %o, %d days", async (retention, days) => {
    const day = 86_400_000;
    const deleted = (passed: number) =>
      deleteOldEvents({
        db: database.db,
        config: testConfig({ monitoringConfig: { retention } }),
        now: () => new Date(AT.getTime() + passed * day),
      });
    await record(event("old"));
    expect(await deleted(days - 1)).toBe(0);
    expect(await deleted(days + 1)).toBe(1);
  });

  it("deletes what is older than 90 days, with what was postponed of it", async () => {
    const day = 86_400_000;
    await record(event("old"), event("young", "young", new Date(AT.getTime() + 2 * day)));
    await consumeTimeline(database, consumer(new Set(["old", "young"])).consumer);
    const config = testConfig({ monitoringConfig: { retention: { historyDays: 30 } } });
    expect(await deleteOldEvents({ db: database.db, config, now: () => new Date(AT.getTime() + 91 * day) })).toBe(1);
    expect(await database.db.timelineEvent.findMany({ select: { key: true } })).toEqual([{ key: "young" }]);
    expect(await database.db.timelinePostponed.count()).toBe(1);
  });
});
