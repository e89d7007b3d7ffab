import type { MetricMeaning, SeriesSamples } from "../../agent/ports/telemetry.ts";
import type { Sender } from "../../agent/ports/telemetry-store.ts";

/** names that are remembered of all senders; what one may name has no end, and costs no other its own */
const MOST_NAMES = 20_000;
/** beyond that many more the oldest are forgotten together */
const SLACK = 1_000;
/** senders that say it with every request need not be noted each time; Prometheus says it once a minute */
const NOTED_MS = 50_000;
/** how long a kind holds for series that come after it */
const HOLDS_MS = 15 * 60_000;
/** each has stored samples rolled up again: one that keeps changing its mind is not followed further for an hour */
const MOST_CHANGES = 2;
const CHANGES_MS = 3_600_000;

interface ReportedMetadata extends Pick<MetricMeaning, "help" | "kind"> {
  atMs: number;
  /** when its kind became another one, within the last hour, ms since 1970 */
  changesMs: number[];
}

/** A sender among all: who writes, not only under which name; a name may be that of several people's tokens. */
export const senderKey = ({ protocol, name, writer = name }: Sender): string => `${protocol}/${writer}`;

/** What each sender said of its metrics apart from samples, also of those whose first sample is still to come. */
export interface ReportedKinds {
  /** what of this is not noted yet, or long ago */
  news(meanings: readonly MetricMeaning[], sender: string): MetricMeaning[];
  noted(meanings: readonly MetricMeaning[], sender: string): void;
  /** The kind of a sender's new series: as it is told with it, else what the sender said of its name, else what its name suggests. */
  kindOf(series: Pick<SeriesSamples, "name" | "kind" | "kindGuessed">, sender: string): SeriesSamples["kind"];
}

export function createToldKinds(now: () => Date): ReportedKinds {
  const bySender = new Map<string, Map<string, ReportedMetadata>>();
  let size = 0;
  const toldOf = (name: string, sender: string) => bySender.get(sender)?.get(name);
  const changesOf = ({ changesMs }: ReportedMetadata) =>
    changesMs.filter((atMs) => atMs > now().getTime() - CHANGES_MS);
  /** the oldest names of whoever has most of them */
  const forget = () => {
    while (size > MOST_NAMES) {
      let [whose, most] = ["", new Map<string, ReportedMetadata>()];
      for (const [sender, told] of bySender) if (told.size > most.size) [whose, most] = [sender, told];
      let left = Math.min(Math.ceil(most.size / 2), size - MOST_NAMES);
      size -= left;
      for (const oldest of most.keys()) {
        if (left-- === 0) break;
        most.delete(oldest);
      }
      if (most.size === 0) bySender.delete(whose);
    }
  };
  return {
    news: (meanings, sender) => {
      const since = now().getTime() - NOTED_MS;
      return meanings.filter(({ name, help, kind }) => {
        const known = toldOf(name, sender);
        if (!known || (known.kind === kind && (known.atMs < since || known.help !== help))) return true;
        return known.kind !== kind && changesOf(known).length < MOST_CHANGES;
      });
    },
    noted: (meanings, sender) => {
      const atMs = now().getTime();
      for (const { name, help, kind } of meanings) {
        const told = bySender.get(sender) ?? new Map<string, ReportedMetadata>();
        bySender.set(sender, told);
        const known = told.get(name);
        const changesMs = known ? [...changesOf(known), ...(known.kind === kind ? [] : [atMs])] : [];
        if (!told.delete(name)) size++; // the oldest stand first
        told.set(name, { help, atMs, changesMs, ...(kind && { kind }) });
        if (size > MOST_NAMES + SLACK) forget();
      }
    },
    kindOf: ({ name, kind, kindGuessed }, sender) => {
      const known = kindGuessed ? toldOf(name, sender) : undefined;
      return known?.kind && known.atMs > now().getTime() - HOLDS_MS ? known.kind : kind;
    },
  };
}
