import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DBOSExecutor } from "@dbos-inc/dbos-sdk/internal/dbos-executor";
import pg from "pg";
import { patiently } from "../db/patience.ts";
import type { Logger } from "../telemetry/log.ts";
import type { LeaseTimes } from "./lease-times.ts";
import { APPLICATION_VERSION } from "./names.ts";
import { currentPlace, isAlive } from "./place.ts";

/** Unique per boot and short: PostgreSQL cuts application names at 63 characters. */
export const newExecutorId = (): string => `worker-${randomUUID().slice(0, 13)}`;

interface LeaseOptions {
  id: string;
  url: string;
  log: Logger;
  times: LeaseTimes;
  /** called when another worker has taken over this one's work: it must end at once */
  onFenced: () => void;
}

/**
 * Says that this worker lives, and takes over the workflows of those that do not. Every worker sweeps; no leader,
 * because a frozen one would keep the office. The sweep may run anywhere any number of times: executor ids are never
 * used again.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #place = currentPlace();
  readonly #stopping = new AbortController();
  #client: pg.Client | undefined;
  #running: Promise<void> | undefined;
  /** monotonic times: of the last confirmed beat, and since when beats have come without a gap */
  #beatAt = 0;
  #steadySince = 0;
  /** the last beat of each of the others, and since when, monotonic, it is the last */
  #beats = new Map<string, { beat: string; sinceMs: number }>();

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Registers this boot. Call before workflows run. */
  async start(): Promise<void> {
    await patiently(async () => {
      const client = await this.#connect();
      await client.query(
        `insert into executor (id, version, state, "beatAt", place, pid) values ($1, $2, 'alive', now(), $3, $4)
         on conflict (id) do nothing`,
        [this.#options.id, APPLICATION_VERSION, this.#place, process.pid],
      );
    });
    this.#beatAt = this.#steadySince = performance.now();
  }

  /** Begins to beat and to sweep, the first time at once. Call when workflows can run. */
  async follow(): Promise<void> {
    await patiently(async () => this.#sweep(await this.#connect()));
    this.#running = this.#loop();
  }

  /**
   * Await it right before an outside effect. Costs nothing while the heart beats; a worker that was frozen or lost
   * its database waits here for its next confirmed beat, or is fenced first.
   */
  async confirm(): Promise<void> {
    if (this.#stopping.signal.aborted) await new Promise(() => undefined); // leaving: no effect begins any more
    while (performance.now() - this.#beatAt > this.#options.times.deadMs * 0.6) await delay(50);
  }

  /** From now on no outside effect begins here. */
  async halt(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Leaves, after `halt`: what this worker still had pending is free for the next one to take over at once. */
  async leave(): Promise<void> {
    const client = await this.#connect();
    await client.query(`update executor set state = 'left' where id = $1`, [this.#options.id]);
    await client.end();
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: `lease_${this.#options.id}`,
      // wall time: a process that gets a tenth of its processor needs ten times as long for the same answer
      connectionTimeoutMillis: 10_000,
      query_timeout: 10_000,
    });
    client.on("error", (err) => {
      this.#options.log.debug({ err }, "the lease lost its connection");
      if (this.#client === client) this.#client = undefined;
    });
    await client.connect();
    this.#client = client;
    return client;
  }

  async #loop(): Promise<void> {
    const { log, times } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await delay(times.beatMs, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition sees it
      if (signal.aborted) return;
      try {
        await this.#beat();
      } catch (err) {
        log.warn({ err }, "the worker's heartbeat failed; it is tried again");
        const broken = this.#client;
        this.#client = undefined;
        await broken?.end().catch((error: unknown) => log.debug({ err: error }, "the broken connection was gone"));
      }
    }
  }

  async #beat(): Promise<void> {
    const { id, times, onFenced, log } = this.#options;
    const at = performance.now(); // before the write: the lease counts from here
    const client = await this.#connect();
    // declared dead, but nobody took its work: a worker that was only slow goes on
    const beat = await client.query(
      `update executor set "beatAt" = now(), state = 'alive' where id = $1 and state in ('alive', 'dead')`,
      [id],
    );
    if (beat.rowCount === 0) {
      log.fatal({ id }, "another worker took over the work of this one, which was silent for too long; it ends");
      onFenced();
      return;
    }
    // after an absence of our own everybody looks dead: let them beat before they are judged
    if (at - this.#beatAt > times.deadMs / 2) this.#steadySince = at;
    this.#beatAt = at;
    await this.#sweep(client);
  }

  async #sweep(client: pg.Client): Promise<void> {
    const { times } = this.#options;
    await this.#declareGone(client);
    // never itself: between its beat and this line it may have been stopped for longer than that
    const silent = await this.#silent(client);
    if (performance.now() - this.#steadySince > times.deadMs)
      for (const one of silent)
        await client.query(
          `update executor set state = 'dead' where state = 'alive' and id = $1 and "beatAt" = $2::timestamptz`,
          [one.id, one.beat],
        );
    await this.#takeOver(client);
    await client.query(`delete from executor where state <> 'alive' and "beatAt" < now() - interval '7 days'`);
  }

  /**
   * Others that did not beat for `deadMs` under our eyes. How old their last beat is by the database's clock says
   * nothing: that may have been set since, and would make all look dead at once, or none for as long.
   */
  async #silent(client: pg.Client): Promise<{ id: string; beat: string }[]> {
    const { id, times } = this.#options;
    const { rows } = await client.query<{ id: string; beat: string }>(
      `select id, "beatAt"::text as beat from executor where state = 'alive' and id <> $1`,
      [id],
    );
    const nowMs = performance.now();
    const seen = rows.map((row) => {
      const before = this.#beats.get(row.id);
      return { ...row, sinceMs: before?.beat === row.beat ? before.sinceMs : nowMs };
    });
    this.#beats = new Map(seen.map((row) => [row.id, row]));
    return seen.filter((row) => nowMs - row.sinceMs > times.deadMs);
  }

  /** Workers of this machine whose process has ended need no waiting for. */
  async #declareGone(client: pg.Client): Promise<void> {
    if (this.#place === "") return;
    const { rows } = await client.query<{ id: string; pid: number }>(
      `select id, pid from executor where state = 'alive' and place = $1 and id <> $2`,
      [this.#place, this.#options.id],
    );
    const gone = rows.filter((row) => row.pid > 0 && !isAlive(row.pid)).map((row) => row.id);
    if (gone.length > 0)
      await client.query(`update executor set state = 'dead' where state = 'alive' and id = any($1)`, [gone]);
  }

  async #takeOver(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ id: string }>(
      `select distinct executor_id as id from dbos.workflow_status w
       where status = 'PENDING' and application_version = $1
         and not exists (select 1 from executor e where e.id = w.executor_id and e.state = 'alive')`,
      [APPLICATION_VERSION],
    );
    if (rows.length === 0) return;
    const ids = await this.#claim(
      client,
      rows.map((row) => row.id),
    );
    if (ids.length === 0) return;
    // a frozen process may hold a row lock inside a transaction: cut its connections first
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where pid <> pg_backend_pid()
         and exists (select 1 from unnest($1::text[]) id where application_name like 'dbos_transact_' || id || '%')`,
      [ids],
    );
    const taken = (await DBOSExecutor.globalInstance?.recoverPendingWorkflows(ids)) ?? [];
    this.#options.log.warn({ from: ids, workflows: taken.length }, "took over the workflows of workers that are gone");
  }

  /** Marks workers as taken over, from which there is no rollback; returns those that did not beat again meanwhile. */
  async #claim(client: pg.Client, ids: string[]): Promise<string[]> {
    await client.query(`update executor set state = 'taken' where id = any($1) and state in ('dead', 'left')`, [ids]);
    const { rows } = await client.query<{ id: string }>(
      `select id from unnest($1::text[]) id
       where not exists (select 1 from executor e where e.id = id.id and e.state = 'alive')`,
      [ids],
    );
    return rows.map((row) => row.id);
  }
}
