import type { Mined, Miner, PatternChange } from "../mining/index.ts";
import type { IngestStore } from "../ports/ingest-store.ts";
import type { LogRecord } from "../ports/telemetry.ts";
import type { MinedLog } from "../ports/telemetry-store.ts";

/** A pattern that is to be written: stored ones among `from` read as `template` from now on, else it is made. */
interface Change {
  key: number;
  template: string;
  from: readonly number[];
}

const changeOf = ({ key, template, change, from }: PatternChange): Change => ({
  key,
  template,
  from: change === "created" ? from : [key, ...from],
});

/**
 * Gives lines the ids of their patterns. What a batch changes in the patterns is written down before its lines are, in
 * the order in which it happened, one batch after the other.
 */
export function createPatternRegistry(store: Pick<IngestStore, "patternIds" | "generalisePattern">, miner: Miner) {
  const ids = new Map<number, number>([...miner.restored].map(([id, key]) => [key, id]));
  const changes: Change[] = [];
  /** keys in `changes` that have no id yet */
  const asked = new Set<number>();
  let settling: Promise<void> = Promise.resolve();

  /** A change leaves the list once it is written: when the database fails, the next batch goes on with it. */
  async function settle(): Promise<void> {
    while (changes.length > 0) {
      const next = changes.findIndex((change) => change.from.length > 0);
      const fresh = next < 0 ? [...changes] : changes.slice(0, next);
      const [first] = changes;
      if (fresh.length > 0) await make(fresh);
      else if (first) await rewrite(first);
    }
  }

  /** New patterns that come one after the other are made in one go. */
  async function make(fresh: readonly Change[]): Promise<void> {
    const made = await store.patternIds([...new Set(fresh.map((change) => change.template))]);
    for (const { key, template } of fresh) remember(key, made.get(template));
    changes.splice(0, fresh.length);
  }

  async function rewrite({ key, template, from }: Change): Promise<void> {
    let id: number | undefined;
    for (const one of from) {
      const known = ids.get(one);
      if (known !== undefined) id = await store.generalisePattern(known, template);
    }
    remember(key, id ?? (await store.patternIds([template])).get(template));
    changes.shift();
  }

  function remember(key: number, id: number | undefined): void {
    asked.delete(key);
    if (id !== undefined) ids.set(key, id);
  }

  function mine(body: string): Mined & { known: number | undefined } {
    const mined = miner.add(body);
    const { key, template, change, also } = mined;
    if (change !== "none") changes.push(changeOf({ ...mined, change }));
    else if (!ids.has(key) && !asked.has(key)) changes.push({ key, template, from: [] });
    if (!ids.has(key)) asked.add(key);
    for (const other of also) changes.push(changeOf(other));
    return { ...mined, known: ids.get(key) };
  }

  return {
    /** @throws UPSTREAM_UNAVAILABLE when patterns cannot be written */
    async mine(records: readonly LogRecord[]): Promise<MinedLog[]> {
      const mined = records.map((record) => mine(record.body));
      if (changes.length > 0) {
        settling = settling.catch(() => {}).then(settle);
        await settling;
      }
      const lines = records.map((record, i) => {
        const { key, known } = mined[i] ?? { key: -1, known: undefined };
        return { ...record, patternId: ids.get(miner.resolve(key)) ?? known ?? null };
      });
      for (const { dropped } of mined) for (const key of dropped) ids.delete(key);
      return lines;
    },
  };
}
