import type { Runtime } from "../kernel/context.ts";
import { newId } from "../kernel/ids.ts";
import { startPeriodic } from "../kernel/periodic.ts";
import type { TimelineEvent } from "./schema.ts";
import * as store from "./store.ts";

export interface TimelineConsumer {
  /** stands for its cursor: one that is renamed begins anew, with the oldest event that is kept */
  name: string;
  /**
   * Takes one event. Delivery is at least once, in order per subject: what throws is offered again under the same key,
   * and so is what was taken when the worker crashed right behind it.
   */
  on: (event: TimelineEvent) => Promise<void>;
  /** what went wrong, for the log: what is tried again, and what cannot be read */
  report: (message: string, error: unknown) => void;
}

type Database = Pick<Runtime, "db">;

const EVERY_MS = 1_000;
const PAGE = 200;
const RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** longer than the longest transaction of a consumer; a worker that was killed at work is missed as long */
const LEASE_MS = 20_000;

/**
 * Hands a consumer every event, for as long as it runs. Any number of workers may run it: one works at a time, and
 * whoever looks first once that one ended or fell silent goes on.
 */
export function startTimelineConsumer(runtime: Database, consumer: TimelineConsumer): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let numbered = false;
  const periodic = startPeriodic(
    EVERY_MS,
    async () => {
      if (!numbered) await store.renumberRestored(runtime.db);
      numbered = true;
      await consumeTimeline(runtime, consumer, stopping.signal);
    },
    (error) => consumer.report(`the time line could not be read for ${consumer.name}; tried again in a second`, error),
  );
  return {
    stop: async () => {
      stopping.abort();
      await periodic.stop();
    },
  };
}

/** Hands on what is there now: first what was postponed and is due, then what was not read yet. */
export async function consumeTimeline(
  { db }: Database,
  consumer: TimelineConsumer,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const { name } = consumer;
  if (!(await store.hasWork(db, name))) return;
  const owner = newId("tlw");
  if (!(await store.takeLease(db, name, owner, LEASE_MS))) return;
  try {
    if (await offerPostponed({ db }, consumer, owner, signal)) await offerUnread({ db }, consumer, owner, signal);
  } finally {
    await store.releaseLease(db, name, owner);
  }
}

/** Whether it was taken. What this version cannot read counts as taken, and the log says so: it would be offered for ever. */
async function offer({ on, name, report }: TimelineConsumer, { key, event }: store.StoredEvent): Promise<boolean> {
  if (event === null) {
    report(`${name} goes past the event ${key}, which this version of Operate cannot read`, undefined);
    return true;
  }
  try {
    await on(event);
    return true;
  } catch (error) {
    report(`${name} did not take the event ${key}; it is offered again`, error);
    return false;
  }
}

/** Goes on with a subject as far as its events are taken. False when it has to end. */
async function offerPostponed(
  { db }: Database,
  consumer: TimelineConsumer,
  owner: string,
  signal: AbortSignal,
): Promise<boolean> {
  let taken = true;
  while (taken) {
    taken = false;
    for (const postponed of await store.listDue(db, consumer.name)) {
      if (signal.aborted || !(await store.renewLease(db, consumer.name, owner, LEASE_MS))) return false;
      const { id, tries } = postponed;
      if (await offer(consumer, postponed)) {
        await store.takePostponed(db, consumer.name, id);
        taken = true;
      } else {
        const afterMs = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** Math.min(tries + 1, 10));
        await store.postponeAgain(db, consumer.name, id, afterMs);
      }
    }
  }
  return true;
}

/** An event that is refused is postponed, and with it later ones of the same subject; all others go on. */
async function offerUnread(
  { db }: Database,
  consumer: TimelineConsumer,
  owner: string,
  signal: AbortSignal,
): Promise<void> {
  const { name } = consumer;
  const waiting = await store.listPostponedSubjects(db, name);
  for (;;) {
    const page = await store.listUnread(db, name, PAGE);
    if (page.length === 0) return;
    for (const stored of page) {
      if (signal.aborted) return;
      const waits = waiting.has(stored.subject);
      const taken = !waits && (await offer(consumer, stored));
      if (!taken) waiting.add(stored.subject);
      const isMine = taken
        ? await store.moveCursor(db, name, owner, stored, LEASE_MS)
        : await store.postpone(db, name, owner, stored, LEASE_MS, waits ? 0 : RETRY_MS);
      if (!isMine) return; // it took so long that another worker goes on
    }
  }
}
