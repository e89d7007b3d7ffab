import { createMiner, type Mined } from "../../mining/index.ts";
import type { LogLineRecord, PatternCount } from "../../ports/log-source.ts";
import { clipText } from "../../text/clip-text.ts";
import type { Grid } from "../anomalies/anomaly.ts";
import { idOfTemplate } from "./pattern-query.ts";
import type { Samples } from "./pattern-views.ts";

/** Counts lines by pattern as they are read, mining those that have none. */

/** What is known of a pattern that the source has mined itself. */
export type KnownPattern = Pick<PatternCount, "patternId" | "template" | "name" | "pinned" | "ignored" | "firstSeenAt">;

const MAX_PATTERNS = 5_000;
/** held of each pattern */
const MOST_SAMPLES = 3;
/** of one sample, in characters */
const LONGEST_SAMPLE = 4_000;

interface Count {
  key: string | number;
  line: Pick<LogLineRecord, "service" | "environment" | "version" | "level">;
  bucketMs: number;
  count: number;
}

export interface LineCounter {
  /** `weight`: how many lines this one stands for. @returns the pattern's key, for `idOf` */
  add(line: LogLineRecord, weight: number): string | number;
  /** The counts of what was added since the last call, by their patterns as they are by now. */
  take(): () => PatternCount[];
  /** of what was added last, newest first */
  samples(): Map<string, Samples>;
  idOf(key: string | number): string;
  templateOf(key: string | number): string;
}

/** Bounded: 5,000 patterns, and a count for each of their origins, levels and steps. */
export function createLineCounter(grid: Grid, known: ReadonlyMap<string, KnownPattern>): LineCounter {
  const miner = createMiner({ maxPatterns: MAX_PATTERNS });
  const templates = new Map<number, string>();
  const firstSeen = new Map<string | number, string>();
  let counts = new Map<string, Count>();
  let samples = new Map<string | number, Samples>();

  const learn = ({ key, template, also }: Mined): number => {
    templates.set(key, template);
    for (const other of also) templates.set(other.key, other.template);
    return key;
  };
  const keyOf = ({ patternId, body }: LogLineRecord): string | number =>
    patternId !== null && known.has(patternId) ? patternId : learn(miner.add(body));
  const templateOf = (key: string | number): string =>
    typeof key === "string" ? (known.get(key)?.template ?? "") : (templates.get(miner.resolve(key)) ?? "");
  const idOf = (key: string | number): string => (typeof key === "string" ? key : idOfTemplate(templateOf(key)));

  const describe = (key: string | number): KnownPattern => {
    const kept = typeof key === "string" ? known.get(key) : undefined;
    if (kept) return kept;
    const mined = { patternId: idOf(key), template: templateOf(key), name: null, pinned: false, ignored: false };
    return { ...mined, firstSeenAt: firstSeen.get(key) ?? new Date(grid.fromMs).toISOString() };
  };

  return {
    idOf,
    templateOf,
    add(line, weight) {
      const key = keyOf(line);
      const atMs = Date.parse(line.at);
      const bucketMs = grid.fromMs + Math.floor((atMs - grid.fromMs) / grid.stepMs) * grid.stepMs;
      const { service, environment, version, level } = line;
      const place = `${typeof key} ${key}\n${service}\n${environment}\n${version}\n${level}\n${bucketMs}`;
      const count = counts.get(place);
      if (count) count.count += weight;
      else counts.set(place, { key, line: { service, environment, version, level }, bucketMs, count: weight });
      if (!firstSeen.has(key)) firstSeen.set(key, line.at);
      const own = samples.get(key) ?? { lines: [], lastAt: null };
      own.lines.unshift(clipText(line.body, LONGEST_SAMPLE));
      own.lines.length = Math.min(own.lines.length, MOST_SAMPLES);
      samples.set(key, { ...own, lastAt: line.at });
      return key;
    },
    take() {
      const taken = [...counts.values()];
      counts = new Map();
      samples = new Map();
      return () =>
        taken.map(({ key, line, bucketMs, count }) => ({
          ...describe(key),
          ...line,
          bucketMs,
          count: Math.round(count),
        }));
    },
    samples: () => new Map([...samples].map(([key, sample]) => [idOf(key), sample])),
  };
}
