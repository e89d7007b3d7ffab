import { EventEmitter, on } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { FIXED_RETENTION } from "../agent/kernel/storage/retention.ts";
import type { LiveFeed, LiveHint, LiveTopic } from "../agent/ports/live-feed.ts";
import type { Db } from "../db/client.ts";
import type { Logger } from "../telemetry/log.ts";

const CHANNEL = "operate_live";
/** changes nothing when it is said again */
const LISTEN = `listen ${CHANNEL}`;
/** ids are given before commit, so a replay starts this much earlier: a hint may come twice, none is lost */
const OVERLAP_MS = 30_000;
/** a LISTEN connection is asked as often whether it is there, and is lost when it takes as long to answer */
const PULSE_MS = 10_000;
/** who missed more than that reads everything again */
const MOST_REPLAYED = 1_000;

/** a hint, or whether the database is away */
type Hub = EventEmitter<{ told: [LiveHint | boolean] }>;

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

const newestId = async (db: Db): Promise<string> => {
  const newest = await db.liveEvent.findFirst({ orderBy: { id: "desc" }, select: { id: true } });
  return String(newest?.id ?? 0n);
};

/** the newest hint's id where none was sent; who resumes behind it reads everything again */
const BEFORE_ALL = "0";

const resetOf = (id: string): LiveHint => ({ id, topic: "reset", subjectId: null });

export interface OpenFeed extends LiveFeed {
  /** Tells followers in this process, those of now and later ones, whether the database answers. */
  databaseAnswers(answers: boolean): void;
  close(): Promise<void>;
}

/**
 * The live feed on PostgreSQL: rows of `live_event` for whoever resumes, NOTIFY (delivered in commit order) for
 * whoever is connected. One LISTEN connection per process, opened with the first follower.
 */
export function createLiveFeed(db: Db, url: string, log: Logger, { pulseMs = PULSE_MS } = {}): OpenFeed {
  const hub: Hub = new EventEmitter();
  hub.setMaxListeners(0);
  const closing = new AbortController();
  const gate = new Gate();
  let listening: Promise<void> | undefined;
  let isAway = false;

  return {
    async publish(tx, topic, subjectId) {
      const row = await tx.liveEvent.create({ data: { topic, subjectId: subjectId ?? null } });
      await tx.$executeRaw`select pg_notify(${CHANNEL}, ${JSON.stringify(hintOf(row))})`;
    },
    newestId: () => newestId(db),
    databaseAnswers(answers) {
      if (isAway !== answers) return;
      isAway = !answers;
      hub.emit("told", isAway);
    },
    async *follow({ lastEventId, signal }) {
      listening ??= listen({ url, hub, gate, pulseMs, signal: closing.signal, log });
      const ended = AbortSignal.any([signal, closing.signal]);
      let sentId = lastEventId || BEFORE_ALL;
      const ofDatabase = (away: boolean): LiveHint => ({
        ...{ id: sentId, subjectId: null },
        topic: away ? "database_away" : "database_back",
      });
      // hear first, replay second: what is committed in between comes twice, and nothing is lost
      const live = on(hub, "told", { signal: ended }) as AsyncIterableIterator<[LiveHint | boolean]>;
      const missed = gate.opened(ended).then(() => hintsMissed(db, lastEventId));
      missed.catch(() => undefined); // of a follower that left meanwhile
      try {
        if (isAway) yield ofDatabase(true);
        const heard: LiveHint[] = [];
        let next = live.next();
        // that the database is away waits for no answer of it
        const first = () => Promise.race([missed, next]);
        for (let told = await first(); !Array.isArray(told); told = await first()) {
          const [what] = told.value;
          if (typeof what === "boolean") yield ofDatabase(what);
          else heard.push(what);
          next = live.next();
        }
        for (const hint of [...(await missed), ...heard]) {
          sentId = hint.id;
          yield hint;
        }
        for (let told = await next; !told.done; told = await live.next()) {
          const [what] = told.value;
          if (typeof what !== "boolean") sentId = what.id;
          yield typeof what === "boolean" ? ofDatabase(what) : what;
        }
      } catch (error) {
        if (!ended.aborted) throw error;
      } finally {
        await live.return?.();
      }
    },
    async close() {
      closing.abort();
      await listening;
    },
  };
}

/** Open while the process listens. */
class Gate {
  isOpen = false;
  #opening = Promise.withResolvers<void>();

  open(): void {
    this.isOpen = true;
    this.#opening.resolve();
  }

  shut(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#opening = Promise.withResolvers();
  }

  /** @throws the signal's reason when it fires before */
  async opened(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.isOpen) return;
    const given = Promise.withResolvers<never>();
    const giveUp = () => given.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await Promise.race([this.#opening.promise, given.promise]);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }
}

/** What came behind `lastEventId`; a `reset` where that is not known. */
async function hintsMissed(db: Db, lastEventId: string | null | undefined): Promise<LiveHint[]> {
  const last =
    lastEventId && /^\d{1,18}$/.test(lastEventId)
      ? await db.liveEvent.findUnique({ where: { id: BigInt(lastEventId) } })
      : null;
  const rows =
    last &&
    (await db.liveEvent.findMany({
      where: { id: { not: last.id }, at: { gte: new Date(last.at.getTime() - OVERLAP_MS) } },
      orderBy: { id: "asc" },
      take: MOST_REPLAYED + 1,
    }));
  return rows && rows.length <= MOST_REPLAYED ? rows.map(hintOf) : [resetOf(await newestId(db))];
}

interface Listening {
  url: string;
  hub: Hub;
  /** open while notifications arrive */
  gate: Gate;
  pulseMs: number;
  signal: AbortSignal;
  log: Logger;
}

/** Keeps one LISTEN connection until the signal; after each reconnect followers get a `reset`. */
async function listen({ url, hub, gate, pulseMs, signal, log }: Listening): Promise<void> {
  const settings = { connectionTimeoutMillis: 5_000, query_timeout: pulseMs, keepAlive: true };
  for (let attempt = 0; !signal.aborted; attempt++) {
    const client = new pg.Client({ connectionString: url, ...settings });
    let pulse: ReturnType<typeof setInterval> | undefined;
    try {
      const lost = new Promise<string>((resolve) => {
        client.on("error", (error) => resolve(error.message));
        client.on("end", () => resolve("connection ended"));
        signal.addEventListener("abort", () => resolve("closing"), { once: true });
      });
      client.on("notification", ({ payload }) => {
        if (payload) hub.emit("told", JSON.parse(payload) as LiveHint);
      });
      // a connection that a network dropped without a word is as silent as one without news
      const silent = Promise.withResolvers<string>();
      const ask = () => client.query(LISTEN).catch((error: Error) => silent.resolve(error.message));
      await client.connect();
      await client.query(LISTEN);
      if (attempt > 0) {
        const { rows } = await client.query<{ id: string }>("select coalesce(max(id), 0)::text as id from live_event");
        hub.emit("told", resetOf(rows[0]?.id ?? "0"));
      }
      gate.open();
      attempt = 0;
      pulse = setInterval(() => void ask(), pulseMs);
      const reason = await Promise.race([lost, silent.promise]);
      if (!signal.aborted) log.warn({ reason }, "live feed lost its connection");
    } catch (err) {
      log.warn({ err }, "live feed cannot connect");
    }
    gate.shut();
    clearInterval(pulse);
    await client.end().catch((err: unknown) => log.debug({ err }, "live feed connection was already gone"));
    if (!signal.aborted) await delay(Math.min(5_000, 200 * 2 ** attempt), undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Deletes hints older than an hour, every ten minutes. Any number of workers may run it. The newest one stays: whoever
 * follows behind it has missed nothing, however long ago it was.
 */
export function startLiveRetention(runtime: { db: Db; now: () => Date }, log: Logger): { stop(): Promise<void> } {
  const sweep = () =>
    newestId(runtime.db)
      .then((newest) =>
        runtime.db.liveEvent.deleteMany({
          where: {
            at: { lt: new Date(runtime.now().getTime() - FIXED_RETENTION.liveHintsMs) },
            id: { lt: BigInt(newest) },
          },
        }),
      )
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
