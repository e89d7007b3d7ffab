import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
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
    expect((await seen).map((hint) => hint.subjectId ?? hint.topic)).toEqual(["reset", "kept"]);
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
    const resets = (hints: LiveHint[]) => hints.filter((hint) => hint.topic === "reset").length;
    const seen = collect(feed, null, (hints) => resets(hints) === 2);
    await everyoneListens();
    for (const { pid } of await listeners()) await client.query("select pg_terminate_backend($1)", [pid]);
    expect((await seen).at(-1)).toMatchObject({ topic: "reset", id: await feed.newestId() });
  });

  /** A feed whose LISTEN connection goes no further than a door until it is let through. */
  async function behindADoor(options: { pulseMs?: number } = {}) {
    const through: Socket[] = [];
    const { hostname, port } = new URL(database.url);
    const [knocked, open] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const door = createServer((socket) => {
      knocked.resolve();
      socket.on("error", () => undefined);
      void open.promise.then(() => {
        const server = connectTcp(Number(port), hostname);
        server.on("error", () => undefined);
        socket.pipe(server).pipe(socket);
        through.push(socket, server);
      });
    });
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    const url = new URL(database.url);
    url.hostname = "127.0.0.1";
    url.port = String((door.address() as AddressInfo).port);
    const feed = createLiveFeed(database.db, url.href, log, options);
    return {
      feed,
      knocked: knocked.promise,
      open: () => open.resolve(),
      /** nothing passes any longer over the connections that there are, and none is closed */
      freeze() {
        for (const socket of through.splice(0)) socket.unpipe().pause();
      },
      async close() {
        open.resolve();
        await feed.close();
        door.close();
      },
    };
  }
  const roundTrips = async () => {
    for (let n = 0; n < 20; n++) await database.db.liveEvent.count();
  };

  it("loses nothing that happens while its first LISTEN is slow", async () => {
    const door = await behindADoor();
    try {
      const before = await door.feed.newestId();
      const [resumed, fresh] = [before, null].map((id) =>
        collect(door.feed, id, (hints) =>
          hints.some((hint) => hint.subjectId === "meanwhile" || hint.topic === "reset"),
        ),
      );
      followers.delete(door.feed);
      await door.knocked;
      await roundTrips();
      await door.feed.publish(database.db, "incident", "meanwhile");
      door.open();
      expect((await resumed)?.at(-1)?.subjectId).toBe("meanwhile");
      expect((await fresh)?.at(-1)?.topic).toBe("reset");
    } finally {
      await door.close();
    }
  });

  it("notices a connection that is dropped without a word, and tells followers to re-read", async () => {
    const door = await behindADoor({ pulseMs: 300 });
    try {
      door.open();
      let resets = 0;
      const stop = new AbortController();
      for await (const { topic } of door.feed.follow({ lastEventId: null, signal: stop.signal })) {
        if (topic === "reset") resets++;
        if (resets === 1) door.freeze();
        else stop.abort();
      }
      expect(resets).toBe(2);
    } finally {
      await door.close();
    }
  });

  it("says that the database is away while its LISTEN waits for it, with an id to resume behind", async () => {
    const door = await behindADoor();
    try {
      const stop = new AbortController();
      const stream = door.feed.follow({ lastEventId: "7", signal: stop.signal })[Symbol.asyncIterator]();
      const first = stream.next();
      await door.knocked;
      door.feed.databaseAnswers(true);
      door.feed.databaseAnswers(false);
      expect((await first).value).toEqual({ id: "7", topic: "database_away", subjectId: null });
      door.feed.databaseAnswers(true);
      expect((await stream.next()).value).toMatchObject({ topic: "database_back" });
      stop.abort();
      expect(await stream.next()).toMatchObject({ done: true });
    } finally {
      await door.close();
    }
  });

  it("ends for a follower that leaves before it listens", async () => {
    const door = await behindADoor();
    try {
      const leave = new AbortController();
      const next = door.feed.follow({ lastEventId: null, signal: leave.signal })[Symbol.asyncIterator]().next();
      await door.knocked;
      leave.abort();
      expect(await next).toMatchObject({ done: true });
    } finally {
      await door.close();
    }
  });

  it("says reset to whoever missed more than is replayed", async () => {
    const feed = open();
    const before = await feed.newestId();
    await database.db.liveEvent.createMany({ data: Array.from({ length: 1_001 }, () => ({ topic: "audit" })) });
    const [first] = await collect(feed, before, (all) => all.length > 0);
    expect(first).toMatchObject({ topic: "reset", id: await feed.newestId() });
  });

  it("forgets hints after an hour, except for the newest: who follows behind it has missed nothing", async () => {
    const newest = await open().newestId();
    const later = () => new Date(Date.now() + 2 * 3_600_000);
    await startLiveRetention({ db: database.db, now: later }, log).stop();
    expect((await database.db.liveEvent.findMany()).map(({ id }) => String(id))).toEqual([newest]);
  });
});
