/** One press of Ctrl-C arrives more than once: from the terminal, from npm and from the bootstrap. */
const SAME_PRESS_MS = 1_000;

export interface StopRequests {
  /** aborted by Ctrl-C, SIGTERM or the end of the process that started us */
  stop: AbortSignal;
  /** aborted by a second Ctrl-C */
  force: AbortSignal;
}

export function listenForStop(notice: (line: string) => void): StopRequests {
  const stop = new AbortController();
  const force = new AbortController();
  let firstAtMs = 0;
  const onSignal = () => {
    if (!stop.signal.aborted) {
      firstAtMs = Date.now();
      notice("Stopping. Once more to stop at once.");
      stop.abort();
    } else if (Date.now() - firstAtMs > SAME_PRESS_MS) force.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  process.once("disconnect", () => stop.abort());
  process.channel?.unref();
  // a terminal that went away must not end us half-way
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => stop.abort());
  return { stop: stop.signal, force: force.signal };
}
