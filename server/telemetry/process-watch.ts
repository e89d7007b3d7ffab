import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { monotonicMs } from "../agent/kernel/clock.ts";
import { AppError } from "../agent/kernel/errors.ts";
import type { MissingProcess, ProcessWatch, WatchedProcess } from "../agent/ports/process-watch.ts";
import type { Workloads } from "../agent/ports/workloads.ts";
import { collectorAnswers } from "../collector/answers.ts";
import { leaseTimesFromEnv } from "../durable/lease-times.ts";

/** Asks the other processes again and again whether they answer. */

const LOOK_MS = 1_000;
/** a question that is open for longer counts as silence; it stays open: one that is resumed answers it */
const SILENT_MS = 2_000;
/** a database that answers does so by then */
const READ_MS = 500;
/** until an open question is given up and asked anew, on a connection of its own */
const GIVE_UP_MS = 10_000;
/** a worker without so many beats in a row is silent; the margin is the beat that is under way */
const BEATS_MISSED = 2.5;

/** How long a worker may be without a beat, in milliseconds. */
export const workerSilentMs = (): number => leaseTimesFromEnv().beatMs * BEATS_MISSED;

/** Whether it answers, and of one that does not since when, where that is known; null when this question cannot tell. */
type Answer = { answers: boolean; since?: Date | undefined } | null;

interface Asked {
  name: WatchedProcess;
  /** one question at a time is open; an error is no answer */
  ask: () => Promise<Answer>;
}

interface Times {
  lookMs?: number;
  silentMs?: number;
}

/** One of the processes. `look` is called every `lookMs`. */
function createLookout({ name, ask }: Asked, onChange: (name: WatchedProcess) => void, times: Required<Times>) {
  const judged = Promise.withResolvers<void>();
  let missing: MissingProcess | null = null;
  let answeredAt = new Date();
  let open: { sinceMs: number; at: Date } | null = null;
  let lookedAtMs = monotonicMs();

  const judge = (answers: boolean, since: Date) => {
    const was = missing;
    if (answers) missing = null;
    else missing ??= { name, since };
    judged.resolve();
    if ((was === null) !== (missing === null)) onChange(name);
  };
  const question = async () => {
    const mine = { sinceMs: monotonicMs(), at: new Date() };
    open = mine;
    try {
      const answer = await ask();
      if (answer?.answers) answeredAt = mine.at;
      if (answer) judge(answer.answers, answer.since ?? answeredAt);
    } catch {
      judge(false, answeredAt);
    }
    open = null;
  };
  return {
    judged: judged.promise,
    missing: () => missing,
    look: () => {
      const atMs = monotonicMs();
      // we were paused ourselves: the answer may be there, unread
      const wasPaused = atMs - lookedAtMs > 2 * times.lookMs + times.silentMs;
      lookedAtMs = atMs;
      if (open === null) void question();
      else if (!wasPaused && atMs - open.sinceMs > times.silentMs) judge(false, answeredAt);
    },
  };
}

interface RunningWatch extends ProcessWatch {
  /** whether it answers; waits for the first answer only, two seconds at most */
  answers(name: WatchedProcess): Promise<boolean>;
  end(): void;
}

/** Asks all of them every second from now on. `onChange` is told of each that goes missing, or is back. */
export function startProcessWatch(
  asked: readonly Asked[],
  onChange: (name: WatchedProcess) => void,
  { lookMs = LOOK_MS, silentMs = SILENT_MS }: Times = {},
): RunningWatch {
  const lookouts = new Map(asked.map((one) => [one.name, createLookout(one, onChange, { lookMs, silentMs })]));
  const look = () => {
    for (const lookout of lookouts.values()) lookout.look();
  };
  look();
  const timer = setInterval(look, lookMs);
  timer.unref();
  return {
    missing: () => [...lookouts.values()].flatMap((one) => one.missing() ?? []),
    answers: async (name) => {
      const lookout = lookouts.get(name);
      await lookout?.judged;
      return lookout?.missing() === null;
    },
    end: () => clearInterval(timer),
  };
}

/** The collector of this machine. */
export const askCollector = (dataDir: string) => async (): Promise<Answer> => ({
  answers: await collectorAnswers(dataDir, GIVE_UP_MS),
});

/** The platform; an error of its own is an answer. */
export const askPlatform = (workloads: Pick<Workloads, "listServices">) => async (): Promise<Answer> => {
  try {
    await workloads.listServices();
    return { answers: true };
  } catch (error) {
    return { answers: !(error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE") };
  }
};

const PATIENCE = { connectionTimeoutMillis: GIVE_UP_MS, query_timeout: GIVE_UP_MS };

interface Beats {
  /** how old the newest beat of a worker that lives is, by the database's clock; null without one */
  aliveMs: number | null;
  /** the newest beat of any */
  lastAt: Date | null;
}
const BEATS = `select extract(epoch from clock_timestamp() - max("beatAt") filter (where state = 'alive'))::float8 * 1000 as "aliveMs",
  max("beatAt") as "lastAt" from executor`;

/**
 * The database and, by their beats in it, the workers, on one connection that no other work can use up. The workers are
 * judged once the database has answered for as long as they may be silent: they need it to beat.
 */
export function createBeatReader(url: string, silentMs = workerSilentMs()) {
  let client: pg.Client | null = null;
  let newest: Beats | null = null;
  let answersSinceMs: number | null = null;
  let reading: Promise<Answer> | null = null;

  const read = async (): Promise<Answer> => {
    const isNew = client === null;
    const mine = client ?? new pg.Client({ connectionString: url, ...PATIENCE });
    client = mine;
    try {
      if (isNew) {
        mine.on("error", () => undefined); // the next question fails, too
        await mine.connect();
      }
      const { rows } = await mine.query<Beats>(BEATS);
      answersSinceMs ??= monotonicMs();
      newest = rows[0] ?? null;
      return { answers: true };
    } catch (error) {
      client = newest = answersSinceMs = null;
      void mine.end().catch(() => undefined); // broken already
      throw error;
    }
  };
  return {
    askDatabase: () => {
      reading = read();
      return reading;
    },
    askWorkers: async (): Promise<Answer> => {
      // the beat that is being read now is a second younger than the one that is known
      await Promise.race([reading, delay(READ_MS, undefined, { ref: false })]).catch(() => undefined);
      if (newest === null || answersSinceMs === null) return null;
      const { aliveMs, lastAt } = newest;
      if (aliveMs !== null && aliveMs <= silentMs) return { answers: true };
      if (monotonicMs() - answersSinceMs < silentMs) return null;
      return { answers: false, since: lastAt ?? undefined };
    },
    close: async () => {
      await client?.end().catch(() => undefined); // gone already
      client = null;
    },
  };
}
