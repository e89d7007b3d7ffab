import type { QueryKey } from "@tanstack/react-query";

/** What a query's key asks for beside its window: what is shown may stay while only the window moves. */
export function scopeKey(key: QueryKey | undefined): string {
  const asked = key?.[1];
  const input = typeof asked === "object" && asked !== null ? (Reflect.get(asked, "input") ?? {}) : {};
  const { startTime: _, endTime: __, limit: ___, ...scope } = input as Record<string, unknown>;
  return JSON.stringify(Object.entries(scope).sort());
}

/** Keeps the data of the window before while the same question is asked of the next one. */
export const sameScope =
  (own: QueryKey) =>
  <T>(before: T | undefined, query: { queryKey: QueryKey } | undefined): T | undefined =>
    scopeKey(query?.queryKey) === scopeKey(own) ? before : undefined;
