import { formatCount, formatMs, plural } from "../lib/format.ts";

interface Trace {
  rootService: string;
  durationMs: number;
  errors: number;
}

/** Traces with errors in the whole window; `more`: at least so many. */
export interface FailedTraces {
  count: number;
  more: boolean;
}

/**
 * What the list holds in one sentence; `within` as in "in the last hour". Where there are older ones that were not read
 * (`more`), errors are those of the whole window (`failed`; null while they are not known, and then not told), and what
 * is of the newest alone says so.
 */
export function tracesSentence(
  traces: readonly Trace[],
  more: boolean,
  within: string,
  failed: FailedTraces | null,
): string {
  const [first] = traces;
  if (!first) return `No traces ${within}.`;
  const slowest = traces.reduce((a, b) => (b.durationMs > a.durationMs ? b : a), first);
  const slow = `the slowest took ${formatMs(slowest.durationMs)} and began in ${slowest.rootService}`;
  const here = traces.filter(({ errors }) => errors > 0).length;
  if (!more) return `${plural(traces.length, "trace")} ${within}: ${withErrors({ count: here, more })}, ${slow}.`;
  const all = failed === null ? "" : `, ${withErrors({ ...failed, count: Math.max(failed.count, here) })}`;
  return `More than ${plural(traces.length, "trace")} ${within}${all}. Of the newest ${formatCount(traces.length)}, ${slow}.`;
}

const withErrors = ({ count, more }: FailedTraces): string =>
  count === 0 ? "none with errors" : `${more ? "at least " : ""}${formatCount(count)} with errors`;
