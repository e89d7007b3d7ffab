import type { Pattern } from "./patterns.ts";

/**
 * What became of a pattern. A caller that keeps rows by template: `created` asks for the row of the template;
 * `generalised` gives the key's row the new template; `merged` gives it the new template and the rows of `from` into it.
 */
export interface PatternChange {
  key: number;
  template: string;
  change: "created" | "generalised" | "merged";
  /** keys that are now this one */
  from: readonly number[];
}

/** Collects what one line did to the patterns. */
export interface ChangeLog {
  created(pattern: Pattern): void;
  generalised(pattern: Pattern): void;
  absorbed(pattern: Pattern, other: Pattern): void;
  list(): PatternChange[];
}

export function createChangeLog(): ChangeLog {
  const created = new Set<Pattern>();
  const generalised = new Set<Pattern>();
  const from = new Map<Pattern, number[]>();
  return {
    created: (pattern) => created.add(pattern),
    generalised: (pattern) => generalised.add(pattern),
    absorbed(pattern, other) {
      const keys = from.get(pattern) ?? [];
      keys.push(...(from.get(other) ?? []));
      if (!created.delete(other)) keys.push(other.key); // else nobody heard of it
      from.delete(other);
      generalised.delete(other);
      from.set(pattern, keys);
    },
    list: () =>
      [...new Set([...created, ...generalised, ...from.keys()])].map((pattern) => {
        const keys = from.get(pattern) ?? [];
        const merged = keys.length > 0 ? ("merged" as const) : ("generalised" as const);
        const change = created.has(pattern) ? ("created" as const) : merged;
        return { key: pattern.key, template: pattern.template, change, from: keys };
      }),
  };
}
