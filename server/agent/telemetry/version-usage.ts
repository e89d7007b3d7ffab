import type { VersionUsage } from "../ports/traffic.ts";

/** CPU time and lines of several buckets add up, the rest are means; null when no bucket knows. */
export function joinUsage(usages: readonly VersionUsage[]): VersionUsage {
  const known = (field: keyof VersionUsage) => usages.flatMap((usage) => usage[field] ?? []);
  const total = (field: keyof VersionUsage) =>
    known(field).length === 0 ? null : known(field).reduce((sum, value) => sum + value, 0);
  const mean = (field: keyof VersionUsage) => {
    const sum = total(field);
    return sum === null ? null : sum / known(field).length;
  };
  return {
    cpuMs: total("cpuMs"),
    memoryBytes: mean("memoryBytes"),
    instances: mean("instances"),
    inFlight: mean("inFlight"),
    errorLines: total("errorLines"),
  };
}
