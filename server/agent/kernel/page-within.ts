/**
 * What one answer to a model may take at most: 8,000 tokens, reckoned at 2.5 bytes of JSON a token, which is on the
 * safe side for ids, numbers and log lines; less what every result says.
 */
export const MODEL_BUDGET_BYTES = 19_400;

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "null", "utf8");

/**
 * How many of the items, from the first on, fit into a budget of JSON bytes. At least one when there is one, so that a
 * reader who pages always gets on: callers bound the size of a single item.
 */
export function countWithin(items: readonly unknown[], budgetBytes: number): number {
  let left = budgetBytes;
  for (const [i, item] of items.entries()) {
    left -= bytesOf(item) + 1;
    if (left < 0) return Math.max(1, i);
  }
  return items.length;
}
