import { cpus, platform, release, totalmem } from "node:os";

/** What every benchmark shares: the machine it ran on, percentiles, and one way to print. */

export interface Machine {
  cpu: string;
  cores: number;
  memoryGb: number;
  system: string;
  node: string;
}

export interface BenchmarkReport {
  /** short and stable: `balancer`, `health` */
  name: string;
  /** one object per measured variant; units are in the keys */
  results: Record<string, string | number | null>[];
  /** the promises and whether they held */
  targets: { target: string; measured: string; met: boolean }[];
  /** what was left out and why */
  skipped?: string[];
}

export function describeMachine(): Machine {
  const list = cpus();
  return {
    cpu: list[0]?.model.trim() || "unknown",
    cores: list.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
  };
}

/** The q-quantile (0…1) of unsorted numbers by linear interpolation; NaN when there are none. */
export function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (sorted.length - 1) * q;
  const low = sorted[Math.floor(rank)];
  const high = sorted[Math.ceil(rank)];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (rank - Math.floor(rank));
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Prints a report: with `--json` on the command line one JSON object on one line, else tables for people. */
export function printReport(report: BenchmarkReport): void {
  const machine = describeMachine();
  if (process.argv.includes("--json")) {
    console.log(
      JSON.stringify({ benchmark: report.name, at: new Date().toISOString(), machine, ...report, name: undefined }),
    );
    return;
  }
  console.log(
    `\n${report.name} on ${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}`,
  );
  console.table(report.results);
  for (const { target, measured, met } of report.targets)
    console.log(`${met ? "met " : "MISS"}  ${target}: ${measured}`);
  for (const reason of report.skipped ?? []) console.log(`skip  ${reason}`);
}
