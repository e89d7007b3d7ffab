import { formatMs } from "../lib/format.ts";

/** A duration with its share of the longest one shown. */
export const DurationBar = ({ ms, longestMs }: { ms: number; longestMs: number }) => (
  <span className="flex items-center justify-end gap-2">
    <span aria-hidden="true" className="h-1.5 w-24 rounded-sm bg-sunken max-sm:hidden">
      <span
        className="block h-full min-w-0.5 rounded-sm bg-accent"
        style={{ width: `${longestMs > 0 ? Math.min(100, (ms / longestMs) * 100) : 0}%` }}
      />
    </span>
    <span className="num w-20 whitespace-nowrap text-right">{formatMs(ms)}</span>
  </span>
);
