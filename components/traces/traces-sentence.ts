import { formatCount, formatMs, plural } from "../lib/format.ts";

interface Trace {
  rootService: string;
  durationMs: number;
  errors: number;
}

/** What the list holds in one sentence; `more` when there are older ones that were not read. */
export function tracesSentence(traces: readonly Trace[], more: boolean, words: string): string {
  const [first] = traces;
  if (!first) return `No traces in the ${words}.`;
  const slowest = traces.reduce((a, b) => (b.durationMs > a.durationMs ? b : a), first);
  const failed = traces.filter(({ errors }) => errors > 0).length;
  const what = more
    ? `The newest ${formatCount(traces.length)} traces of the ${words}`
    : `${plural(traces.length, "trace")} in the ${words}`;
  const errors = failed === 0 ? "none with errors" : `${formatCount(failed)} with errors`;
  return `${what}: ${errors}, the slowest took ${formatMs(slowest.durationMs)} and began in ${slowest.rootService}.`;
}
