export interface Sorting {
  column: string;
  direction: "asc" | "desc";
}

/** "p95.desc" as it stands in the URL; null when it is not of that form. */
export function parseSorting(text: string | null): Sorting | null {
  const match = text?.match(/^([\w-]+)\.(asc|desc)$/);
  return match ? { column: match[1] as string, direction: match[2] as "asc" | "desc" } : null;
}

export const writeSorting = (sorting: Sorting): string => `${sorting.column}.${sorting.direction}`;

/** First click sorts descending (worst first), the second ascending, the third goes back to the given order. */
export function nextSorting(before: Sorting | null, column: string): Sorting | null {
  if (before?.column !== column) return { column, direction: "desc" };
  return before.direction === "desc" ? { column, direction: "asc" } : null;
}

/** Stable; what is missing comes last in either direction. */
export function sortRows<Row>(
  rows: readonly Row[],
  value: (row: Row) => number | string | null,
  direction: "asc" | "desc",
): Row[] {
  const sign = direction === "asc" ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    if (typeof x === "number" && typeof y === "number") return sign * (x - y);
    return sign * String(x).localeCompare(String(y), "en", { numeric: true });
  });
}
