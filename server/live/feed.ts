import { EventEmitter, on } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { LiveFeed, LiveHint, LiveTopic } from "../agent/ports/live-feed.ts";
import type { Db } from "../db/client.ts";
import type { Logger } from "../telemetry/log.ts";

const CHANNEL = "operate_live";
/** ids are given before commit, so a replay starts this much earlier: a hint may come twice, none is lost */
const OVERLAP_MS = 30_000;
const KEEP_MS = 3_600_000;

interface Row {
  id: bigint;
  topic: string;
  subjectId: string | null;
}

const hintOf = (row: Row): LiveHint => ({
  id: String(row.id),
  topic: row.topic as LiveTopic,
  subjectId: row.subjectId,
});

/**
 * The live feed on PostgreSQL: rows of `live_event` for whoever resumes, NOTIFY (delivered in commit order) for
 * whoever is connected. One LISTEN connection per process, opened with the first follower.
 */
export function createLiveFeed(db: Db, url: string, log: Logger): LiveFeed & { close(): Promise<void> } {
  const hub = new EventEmitter<{ hint: [LiveHint] }>();
  hub.setMaxListeners(0);
  const closing = new AbortController();
  let listening: Promise<void> | undefined;

  return {
    async publish(tx, topic, subjectId) {
      const row = await tx.liveEvent.create({ data: { topic, subjectId: subjectId ?? null } });
      await tx.$executeRaw`select pg_notify(${CHANNEL}, ${JSON.stringify(hintOf(row))})`;
    },
    async *follow({ lastEventId, signal }) {
      listening ??= listen(url, hub, closing.signal, log);
      const ended = AbortSignal.any([signal, closing.signal]);
      const live = on(hub, "hint", { signal: ended }) as AsyncIterable<[LiveHint]>; // subscribe first, replay second: no gap
      try {
        if (lastEventId) yield* replay(db, lastEventId);
        for await (const [hint] of live) yield hint;
      } catch (error) {
        if (!ended.aborted) throw error;
      }
    },
    async close() {
      closing.abort();
      await listening;
    },
  };
}

async function* replay(db: Db, lastEventId: string): AsyncIterable<LiveHint> {
  const last = /^\d{1,18}$/.test(lastEventId)
    ? await db.liveEvent.findUnique({ where: { id: BigInt(lastEventId) } })
    : null;
  if (!last) {
    const newest = await db.liveEvent.aggregate({ _max: { id: true } });
    yield { id: String(newest._max.id ?? 0n), topic: "reset", subjectId: null };
    return;
  }
  const rows = await db.liveEvent.findMany({
    where: { id: { not: last.id }, at: { gte: new Date(last.at.getTime() - OVERLAP_MS) } },
    orderBy: { id: "asc" },
    take: 1_000,
  });
  for (const row of rows) yield hintOf(row);
}

/** Keeps one LISTEN connection until the signal; after each reconnect followers get a `reset`. */
async function listen(
  url: string,
  hub: EventEmitter<{ hint: [LiveHint] }>,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, keepAlive: true });
    try {
      const lost = new Promise<string>((resolve) => {
        client.on("error", (error) => resolve(error.message));
        client.on("end", () => resolve("connection ended"));
        signal.addEventListener("abort", () => resolve("closing"), { once: true });
      });
      client.on("notification", ({ payload }) => {
        if (payload) hub.emit("hint", JSON.parse(payload) as LiveHint);
      });
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      if (attempt > 0) hub.emit("hint", { id: "0", topic: "reset", subjectId: null });
      attempt = 0;
      const reason = await lost;
      if (!signal.aborted) log.warn({ reason }, "live feed lost its connection");
    } catch (err) {
      log.warn({ err }, "live feed cannot connect");
    }
    await client.end().catch((err: unknown) => log.debug({ err }, "live feed connection was already gone"));
    if (!signal.aborted) await delay(Math.min(5_000, 200 * 2 ** attempt), undefined, { signal }).catch(() => undefined);
  }
}

/** Deletes hints older than an hour, every ten minutes. Any number of workers may run it. */
export function startLiveRetention(runtime: { db: Db; now: () => Date }, log: Logger): { stop(): Promise<void> } {
  const sweep = () =>
    runtime.db.liveEvent
      .deleteMany({ where: { at: { lt: new Date(runtime.now().getTime() - KEEP_MS) } } })
      .then(() => undefined)
      .catch((err: unknown) => log.warn({ err }, "old live events were not deleted; next try in ten minutes"));
  let running = sweep();
  const timer = setInterval(() => {
    running = sweep();
  }, 600_000);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
