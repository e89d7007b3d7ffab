import { monotonicMs } from "../agent/kernel/clock.ts";

/** One press of Ctrl-C arrives more than once: from the terminal, from npm and from the bootstrap. */
const SAME_PRESS_MS = 1_000;

export interface StopRequests {
  /** aborted by Ctrl-C or SIGTERM: everything is stopped, instances among it */
  stop: AbortSignal;
  /** aborted when the terminal or the process that started us is gone: nobody ordered the instances to stop */
  leave: AbortSignal;
  /** aborted by a second Ctrl-C */
  force: AbortSignal;
}

export function listenForStop(notice: (line: string) => void): StopRequests {
  const stop = new AbortController();
  const leave = new AbortController();
  const force = new AbortController();
  let firstAtMs = 0;
  const onSignal = () => {
    if (!stop.signal.aborted) {
      firstAtMs = monotonicMs();
      notice("Stopping. Once more to stop at once.");
      stop.abort();
    } else if (monotonicMs() - firstAtMs > SAME_PRESS_MS) force.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
  process.on("SIGHUP", () => leave.abort());
  process.once("disconnect", () => leave.abort());
  process.channel?.unref();
  // whoever reads what we print may go away; Operate goes on
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  return { stop: stop.signal, leave: leave.signal, force: force.signal };
}
