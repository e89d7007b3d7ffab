import { monotonicMs } from "#server/agent/kernel/clock.ts";
import type { StoreParts } from "../write/record-writer.ts";

/** a count this old is taken again before a series is let in or turned away */
const COUNTED_MS = 10_000;
/**
 * A process that does not say which it is has all its series anew when it starts again: they count once, whatever their
 * `stream_start`. So many more than the limits say may be kept of those, lest a start that is new with every point has no end.
 */
const STREAMS_PER_SERIES = 10;

export type Query = <Row extends { [key: string]: unknown }>(sql: string, values: unknown[]) => Promise<Row[]>;

/** A series that is to be made. */
export interface NewSeries {
  name: string;
  service: string;
  /** fingerprint without `stream_start` */
  labelSet: string;
}

interface Count {
  /** of label sets, whatever their `stream_start` */
  sets: number;
  /** of the same sets beyond the first of each */
  further: number;
}

/** Counts the series in use, of each service and in all. */
export interface SeriesLimits {
  /** Counts again what was counted long ago. */
  refresh(query: Query): Promise<void>;
  count(query: Query): Promise<void>;
  /** Of the label sets of these, those that have a series in use. */
  setsInUse(query: Query, wanted: readonly NewSeries[]): Promise<Set<string>>;
  /** Why one more is not let in; null where it is. */
  refusal(wanted: NewSeries, inUse: ReadonlySet<string>): string | null;
  /** The same, and counts it when it is let in; its label set is in use from then on. */
  admit(wanted: NewSeries, inUse: Set<string>): string | null;
}

export function createSeriesLimits(limits: StoreParts["limits"], oldestSeen: () => Date): SeriesLimits {
  /** as of `countedAt`, monotonic */
  let byService = new Map<string, Count>();
  let total: Count = { sets: 0, further: 0 };
  let countedAt = Number.NEGATIVE_INFINITY;
  const countOf = (service: string): Count => byService.get(service) ?? { sets: 0, further: 0 };

  const count = async (query: Query): Promise<void> => {
    const rows = await query<{ service: string; sets: number; stored: number }>(
      `select service, count(*)::int as sets, sum(n)::int as stored from (
         select service, count(*) as n from metric_series where last_seen_at >= $1
         group by service, coalesce(stream_of, fingerprint)) label_set
       group by service`,
      [oldestSeen()],
    );
    byService = new Map(rows.map(({ service, sets, stored }) => [service, { sets, further: stored - sets }]));
    total = { sets: 0, further: 0 };
    for (const { sets, further } of byService.values()) {
      total.sets += sets;
      total.further += further;
    }
    countedAt = monotonicMs();
  };

  const refusal = ({ name, service, labelSet }: NewSeries, inUse: ReadonlySet<string>): string | null => {
    const whose = `${name} of ${service || "no service"}`;
    const own = countOf(service);
    const { maxSeries, maxSeriesPerService } = limits;
    if (inUse.has(labelSet)) {
      if (own.further < STREAMS_PER_SERIES * maxSeriesPerService && total.further < STREAMS_PER_SERIES * maxSeries)
        return null;
      return `${whose}: its processes start again too often, or each point has another start, to tell them apart by their start alone; say which process each is of, in service.instance.id`;
    }
    if (own.sets >= maxSeriesPerService)
      return `${whose}: a new series beyond the ${maxSeriesPerService} that one service may have (monitoringConfig.limits.maxSeriesPerService); look for a label with too many values`;
    if (total.sets >= maxSeries)
      return `${whose}: a new series beyond the ${maxSeries} that are kept in all (monitoringConfig.limits.maxSeries); look for a label with too many values`;
    return null;
  };
  return {
    count,
    refresh: async (query) => {
      if (monotonicMs() - countedAt > COUNTED_MS) await count(query);
    },
    setsInUse: async (query, wanted) => {
      const rows = await query<{ label_set: string }>(
        `select distinct coalesce(stream_of, fingerprint)::text as label_set from metric_series
         where (fingerprint = any($1::int8[]) or stream_of = any($1::int8[])) and last_seen_at >= $2`,
        [wanted.map(({ labelSet }) => labelSet), oldestSeen()],
      );
      return new Set(rows.map((row) => row.label_set));
    },
    refusal,
    admit: (wanted, inUse) => {
      const reason = refusal(wanted, inUse);
      if (reason !== null) return reason;
      const kind = inUse.has(wanted.labelSet) ? "further" : "sets";
      const own = countOf(wanted.service);
      byService.set(wanted.service, { ...own, [kind]: own[kind] + 1 });
      total[kind]++;
      inUse.add(wanted.labelSet);
      return null;
    },
  };
}
