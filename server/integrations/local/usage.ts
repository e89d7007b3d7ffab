import pidusage from "pidusage";

export interface Usage {
  cpuPercent: number;
  memoryBytes: number;
}

/** The last measured CPU and memory of processes, taken together every few seconds. */
export class UsageSampler {
  #usage = new Map<number, Usage>();

  of(pid: number): Usage | undefined {
    return this.#usage.get(pid);
  }

  async sample(pids: readonly number[]): Promise<void> {
    if (pids.length === 0) {
      this.#usage.clear();
      return;
    }
    const stats: Record<string, pidusage.Status | null> = await pidusage([...pids]);
    this.#usage = new Map(
      Object.values(stats).flatMap((stat) =>
        stat === null ? [] : [[stat.pid, { cpuPercent: stat.cpu, memoryBytes: stat.memory }] as const],
      ),
    );
  }
}
