import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import type { LiveHint } from "../agent/ports/live-feed.ts";
import { createLogger } from "../telemetry/log.ts";
import { useDatabase } from "../testing/database.ts";
import { createLiveFeed, startLiveRetention } from "./feed.ts";

const log = createLogger("test");
log.level = "silent";

describe("live feed", () => {
  const database = useDatabase();
  const followers = new Set<unknown>();
  const feeds: { close(): Promise<void> }[] = [];
  const open = () => {
    const feed = createLiveFeed(database.db, database.url, log);
    feeds.push(feed);
    return feed;
  };
  afterAll(async () => {
    await Promise.all(feeds.map((feed) => feed.close()));
    await client?.end();
  });

  /** follows until `enough` says so */
  async function collect(
    feed: ReturnType<typeof open>,
    lastEventId: string | null,
    enough: (hints: LiveHint[]) => boolean,
  ) {
    followers.add(feed);
    const stop = new AbortController();
    const hints: LiveHint[] = [];
    for await (const hint of feed.follow({ lastEventId, signal: stop.signal })) {
      hints.push(hint);
      if (enough(hints)) stop.abort();
    }
    return hints;
  }
  const listeners = async () => {
    const { rows } = await client.query(
      "select pid from pg_stat_activity where datname = current_database() and query ilike 'listen%'",
    );
    return rows as { pid: number }[];
  };
  /** each feed that was ever followed keeps one connection */
  const everyoneListens = () =>
    expect.poll(async () => (await listeners()).length, { timeout: 15_000 }).toBe(followers.size);
  let client: pg.Client;
  const connect = async () => {
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  };

  it("delivers across processes after the commit, never before, and nothing of a rolled-back change", async () => {
    const [writer, reader] = [open(), open()];
    await connect();
    const seen = collect(reader, null, (hints) => hints.some((hint) => hint.subjectId === "kept"));
    await everyoneListens();
    await expect(
      database.db.$transaction(async (tx) => {
        await writer.publish(tx, "incident", "undone");
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow();
    await database.db.$transaction((tx) => writer.publish(tx, "incident", "kept"));
    expect((await seen).map((hint) => hint.subjectId)).toEqual(["kept"]);
  });

  it("replays what a follower missed, and says reset when it was away too long", async () => {
    const feed = open();
    await feed.publish(database.db, "deployment", "first");
    const first = await database.db.liveEvent.findFirstOrThrow({ where: { subjectId: "first" } });
    await feed.publish(database.db, "deployment", "second");
    const hints = await collect(feed, String(first.id), (all) => all.some((hint) => hint.subjectId === "second"));
    expect(hints.map((hint) => hint.subjectId)).toContain("second");
    const [reset] = await collect(feed, "999999999", (all) => all.length > 0);
    expect(reset?.topic).toBe("reset");
  });

  it("reconnects when its connection is cut, and tells followers to re-read", async () => {
    const feed = open();
    const seen = collect(feed, null, (hints) => hints.some((hint) => hint.topic === "reset"));
    await everyoneListens();
    for (const { pid } of await listeners()) await client.query("select pg_terminate_backend($1)", [pid]);
    expect((await seen).at(-1)?.topic).toBe("reset");
  });

  it("forgets hints after an hour", async () => {
    const later = () => new Date(Date.now() + 2 * 3_600_000);
    await startLiveRetention({ db: database.db, now: later }, log).stop();
    expect(await database.db.liveEvent.count()).toBe(0);
  });
});
