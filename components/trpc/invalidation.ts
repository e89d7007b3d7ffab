import type { LiveTopic } from "#server/agent/ports/live-feed.ts";
import type { RouterInputs } from "./client.tsx";

export interface Hint {
  topic: string;
  subjectId: string | null;
}

/** What an area says of its queries and live topics. */
export interface AreaLiveRules {
  /** a router, and after which topics its answers are stale */
  stale?: { readonly [R in keyof RouterInputs]?: readonly LiveTopic[] };
  /** queries about one subject of a topic, and the key of their input that names it */
  aboutOne?: {
    readonly [T in LiveTopic]?: {
      readonly [R in keyof RouterInputs]?: { readonly [Q in keyof RouterInputs[R]]?: keyof RouterInputs[R][Q] };
    };
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** The value below these keys, undefined where there is none. */
const below = (value: unknown, ...keys: string[]): unknown =>
  keys.reduce((inner, key) => (isRecord(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), value);

/**
 * Whether a cached query is stale after these hints. `key` is tRPC's query key: `[["deploy","get"], { input }]`.
 * A query of one deployment is left alone when another one changed.
 */
export function isStaleAfter(
  key: readonly unknown[],
  hints: readonly Hint[],
  areas: readonly AreaLiveRules[],
): boolean {
  if (!Array.isArray(key[0])) return false;
  const [router = "", query = ""] = key[0].map(String);
  return hints.some(({ topic, subjectId }) =>
    areas.some(({ stale, aboutOne }) => {
      const topics = below(stale, router);
      if (!Array.isArray(topics) || !topics.includes(topic)) return false;
      const named = below(aboutOne, topic, router, query);
      if (typeof named !== "string" || !subjectId) return true;
      return below(key[1], "input", named) === subjectId;
    }),
  );
}
