const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "null", "utf8");

/**
 * How many of the items, from the first on, fit into a budget of JSON bytes. At least one when there is one, so that a
 * reader who pages always gets on: callers bound the size of a single item.
 */
export function countWithin(items: readonly unknown[], budgetBytes: number): number {
  if (budgetBytes === Number.POSITIVE_INFINITY) return items.length;
  let left = budgetBytes;
  for (const [i, item] of items.entries()) {
    left -= bytesOf(item) + 1;
    if (left < 0) return Math.max(1, i);
  }
  return items.length;
}
