/** The processor time in ms that `work` takes on this thread: a loaded machine makes it wait, not work more. */
export function cpuMsOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
