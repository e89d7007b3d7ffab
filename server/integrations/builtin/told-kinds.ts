import type { MetricMeaning, SeriesSamples } from "../../agent/ports/telemetry.ts";

/** names that are remembered; what senders may name has no end */
const MOST_NAMES = 20_000;
/** senders that say it with every request need not be noted each time; Prometheus says it once a minute */
const NOTED_MS = 50_000;
/** how long a kind holds for series that come after it */
const HOLDS_MS = 15 * 60_000;

interface Told extends Pick<MetricMeaning, "help" | "kind"> {
  atMs: number;
}

/** What senders said of metrics apart from samples, also of those whose first sample is still to come. */
export interface ToldKinds {
  /** what of this is not noted yet, or long ago */
  news(meanings: readonly MetricMeaning[]): MetricMeaning[];
  noted(meanings: readonly MetricMeaning[]): void;
  /** The kind of a new series: what was said of its name, else what its samples look like. */
  kindOf(series: Pick<SeriesSamples, "name" | "kind">): SeriesSamples["kind"];
}

export function createToldKinds(now: () => Date): ToldKinds {
  const told = new Map<string, Told>();
  return {
    news: (meanings) => {
      const since = now().getTime() - NOTED_MS;
      return meanings.filter(({ name, help, kind }) => {
        const known = told.get(name);
        return !known || known.atMs < since || known.kind !== kind || known.help !== help;
      });
    },
    noted: (meanings) => {
      const atMs = now().getTime();
      for (const { name, help, kind } of meanings) {
        told.delete(name); // the oldest stand first
        told.set(name, { help, atMs, ...(kind && { kind }) });
      }
      for (const name of told.keys()) {
        if (told.size <= MOST_NAMES) break;
        told.delete(name);
      }
    },
    kindOf: ({ name, kind }) => {
      const known = told.get(name);
      const holds = known?.kind && known.atMs > now().getTime() - HOLDS_MS;
      return holds && (kind === "gauge" || kind === "counter") ? (known.kind ?? kind) : kind;
    },
  };
}
