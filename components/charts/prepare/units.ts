import { formatBytes, formatMs, formatNumber, formatPercent, formatRate } from "../../lib/format.ts";

export type Unit = "per-second" | "percent" | "ms" | "seconds" | "bytes" | "number";

/** How the numbers of one axis are written: `size` is what its unit is worth in that of the values. */
export interface Scale {
  size: number;
  /** said once, beside the title */
  word: string;
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** The least top of each axis: below it, differences are noise. */
const FLOOR: Record<Unit, number> = { "per-second": 1, percent: 1, ms: 10, seconds: 0.01, bytes: 1_024, number: 0 };

export const formatIn: Record<Unit, (value: number | null | undefined) => string> = {
  "per-second": formatRate,
  percent: formatPercent,
  ms: formatMs,
  seconds: (value) => formatMs(value === null || value === undefined ? value : value * 1_000),
  bytes: formatBytes,
  number: formatNumber,
};

/** The unit of an axis that reaches to `top`; a plain number has the word its metric gives it. */
export function scaleOf(unit: Unit, top: number, word = ""): Scale {
  switch (unit) {
    case "per-second":
      return { size: 1, word: word || "per second" };
    case "percent":
      return { size: 1, word: "%" };
    case "ms":
      return top >= 1_000 ? { size: 1_000, word: "s" } : { size: 1, word: "ms" };
    case "seconds":
      return top >= 1 ? { size: 1, word: "s" } : { size: 0.001, word: "ms" };
    case "bytes": {
      const power = Math.max(0, Math.min(BYTES.length - 1, Math.floor(Math.log(Math.max(1, top)) / Math.log(1_024))));
      return { size: 1_024 ** power, word: BYTES[power] ?? "B" };
    }
    case "number":
      return { size: 1, word };
  }
}

/** What an axis reaches at least; with nothing to show at all it still has a scale. */
export const leastTop = (unit: Unit, top: number): number => Math.max(top, FLOOR[unit]) || 1;
