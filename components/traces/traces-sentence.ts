import { formatCount, formatMs, plural } from "../lib/format.ts";

interface Trace {
  rootService: string;
  durationMs: number;
  errors: number;
}

/**
 * What the list holds in one sentence; `within` as in "in the last hour". Where there are older ones that were not read
 * (`more`), each figure says that it is of the newest alone.
 */
export function tracesSentence(traces: readonly Trace[], more: boolean, within: string): string {
  const [first] = traces;
  if (!first) return `No traces ${within}.`;
  const slowest = traces.reduce((a, b) => (b.durationMs > a.durationMs ? b : a), first);
  const failed = traces.filter(({ errors }) => errors > 0).length;
  const slow = `the slowest took ${formatMs(slowest.durationMs)} and began in ${slowest.rootService}`;
  if (more) {
    const newest = `Of the newest ${formatCount(traces.length)}, ${failed === 0 ? "none has" : `${formatCount(failed)} ${failed === 1 ? "has" : "have"}`} errors and ${slow}.`;
    return `More than ${plural(traces.length, "trace")} ${within}. ${newest}`;
  }
  const errors = failed === 0 ? "none with errors" : `${formatCount(failed)} with errors`;
  return `${plural(traces.length, "trace")} ${within}: ${errors}, ${slow}.`;
}
