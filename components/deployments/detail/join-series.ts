import type { RouterOutputs } from "../../trpc/client.tsx";

export type VersionSeries = RouterOutputs["deploy"]["series"]["versions"][number];
type Key = Exclude<keyof VersionSeries["points"][number], "t">;

/** One value of every version per point of time, under the key of its role; oldest first, a missing one is a gap. */
export function joinVersions(
  versions: readonly VersionSeries[],
  key: Key,
): ({ t: string } & Record<string, number | string | null>)[] {
  const times = [...new Set(versions.flatMap(({ points }) => points.map((point) => point.t)))].sort();
  const values = versions.map(({ role, points }) => ({
    role,
    at: new Map(points.map((point) => [point.t, point[key]])),
  }));
  return times.map((t) => ({ t, ...Object.fromEntries(values.map(({ role, at }) => [role, at.get(t) ?? null])) }));
}
