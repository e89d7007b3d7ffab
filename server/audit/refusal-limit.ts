import { monotonicMs } from "../agent/kernel/clock.ts";
import type { AuditEvent, AuditedBy } from "../agent/ports/audit-log.ts";
import type { Db } from "../db/client.ts";
import { RateGate, type RateLimit } from "../limits/rate.ts";

/** entries of one person with all their tokens: beyond these, refusals are counted */
const ENTRIES: RateLimit = { perSecond: 0.1, burst: 20 };
/** the number of those that were only counted is recorded so often */
const COUNTED_MS = 60_000;
/** what is the first of its kind for so long is recorded whatever else was refused */
const FIRST_MS = 60 * 60_000;
const MOST_FIRSTS = 20_000;
/** of kinds and of actors that an entry names */
const MOST_NAMED = 20;

type Write = (db: Db, who: AuditedBy, event: AuditEvent) => Promise<void>;

interface Counted {
  db: Db;
  /** who was refused last */
  who: AuditedBy;
  since: Date;
  count: number;
  kinds: Map<string, number>;
  actors: Map<string, number>;
}

/**
 * Bounds what refusals of one person, with all their tokens, add to the audit log. The first of each action and error,
 * and the first of each token, have their entry once an hour whatever else there was; of others 20 at a stroke and 6 a
 * minute. The rest is counted, and once a minute one entry says how many of what these were.
 */
export class RefusalLimit {
  readonly #write: Write;
  readonly #now: () => Date;
  readonly #lapsedMs: () => number;
  readonly #countedMs: number;
  readonly #entries: RateGate;
  readonly #firsts = new Map<string, number>();
  readonly #counted = new Map<string, Counted>();

  /**
   * @param write adds an entry, whatever the limit
   * @param options `now` dates the entries; `lapsedMs` measures, so that a clock that is set changes no limit
   */
  constructor(write: Write, { now = () => new Date(), lapsedMs = monotonicMs, countedMs = COUNTED_MS } = {}) {
    this.#write = write;
    this.#now = now;
    this.#lapsedMs = lapsedMs;
    this.#countedMs = countedMs;
    this.#entries = new RateGate(ENTRIES, lapsedMs);
  }

  /** Whether a refusal may have an entry of its own; if not, it is counted. */
  admits(db: Db, who: AuditedBy, event: AuditEvent): boolean {
    const owner = who.ownerId ?? who.actor.id;
    const kind = `${event.action} ${event.errorCode ?? ""}`.trim();
    const firsts = [`${owner} ${kind}`, `actor ${who.actor.id}`].filter((key) => this.#isFirst(key));
    if (this.#entries.takes(owner) || firsts.length > 0) return true;
    const counted = this.#counted.get(owner) ?? this.#begin(owner, db, who);
    counted.who = who;
    counted.count++;
    add(counted.kinds, kind);
    add(counted.actors, who.actor.id);
    return false;
  }

  /** Records what was only counted so far, of one database. */
  async flush(db: Db): Promise<void> {
    const owners = [...this.#counted].filter(([, counted]) => counted.db === db).map(([owner]) => owner);
    for (const owner of owners) await this.#record(owner);
  }

  #isFirst(key: string): boolean {
    const at = this.#lapsedMs();
    const before = this.#firsts.get(key);
    if (before !== undefined && at - before < FIRST_MS) return false;
    this.#firsts.delete(key); // the newest stands last
    this.#firsts.set(key, at);
    const oldest = this.#firsts.size > MOST_FIRSTS ? this.#firsts.keys().next() : null;
    if (oldest && !oldest.done) this.#firsts.delete(oldest.value);
    return true;
  }

  #begin(owner: string, db: Db, who: AuditedBy): Counted {
    const counted = { db, who, since: this.#now(), count: 0, kinds: new Map(), actors: new Map() };
    this.#counted.set(owner, counted);
    this.#recordLater(owner);
    return counted;
  }

  #recordLater(owner: string): void {
    setTimeout(() => {
      // the count is kept when the database does not answer
      this.#record(owner).catch(() => this.#recordLater(owner));
    }, this.#countedMs).unref();
  }

  async #record(owner: string): Promise<void> {
    const counted = this.#counted.get(owner);
    if (!counted) return;
    this.#counted.delete(owner);
    try {
      await this.#write(counted.db, counted.who, summaryOf(counted, this.#now()));
    } catch (error) {
      this.#counted.set(owner, merged(counted, this.#counted.get(owner)));
      throw error;
    }
  }
}

const add = (counts: Map<string, number>, key: string, n = 1): void => {
  counts.set(key, (counts.get(key) ?? 0) + n);
};

function merged(before: Counted, since: Counted | undefined): Counted {
  for (const [kind, n] of since?.kinds ?? []) add(before.kinds, kind, n);
  for (const [actor, n] of since?.actors ?? []) add(before.actors, actor, n);
  return { ...before, count: before.count + (since?.count ?? 0) };
}

const largest = (counts: ReadonlyMap<string, number>): [string, number][] =>
  [...counts].toSorted(([, a], [, b]) => b - a).slice(0, MOST_NAMED);

function summaryOf({ count, since, kinds, actors }: Counted, until: Date): AuditEvent {
  const named = largest(kinds).map(([kind, n]) => `${kind} ${n}`);
  const others = kinds.size > named.length ? `, and ${kinds.size - named.length} more kinds` : "";
  const whom = actors.size > 1 ? { actors: Object.fromEntries(largest(actors)) } : {};
  return {
    action: "writes.refused",
    outcome: "refused",
    after: {
      more: count,
      since: since.toISOString(),
      until: until.toISOString(),
      kinds: Object.fromEntries(largest(kinds)),
      ...whom,
    },
    reason: `and ${count} more refused: ${named.join(", ")}${others}`,
  };
}
