import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** V8 gives back what a start left behind only once a process allocates much more, which an idle one never does. */

interface Times {
  /** to the first look, when the start is over */
  afterMs: number;
  /** between two looks; null: it looks once, where a pause is felt by others than ourselves */
  everyMs: number | null;
}

/** when a start is over */
const AFTER_MS = 30_000;
const EVERY_MS = 60_000;
/** a process that works more than this collects its garbage by itself */
const IDLE_SHARE = 0.1;
/** less is not worth a pause of some tens of milliseconds */
const WORTH_BYTES = 8 * 2 ** 20;

/**
 * Collects this process's garbage once its start is over, and from then on whenever it was idle and garbage has
 * gathered. It keeps no process alive. Returns what ends it.
 */
export function releaseIdleMemory({ afterMs = AFTER_MS, everyMs = EVERY_MS }: Partial<Times> = {}): () => void {
  setFlagsFromString("--expose-gc");
  const collect: NodeJS.GCFunction = runInNewContext("gc");
  let kept = 0;
  let since = performance.eventLoopUtilization();
  let timer: NodeJS.Timeout;
  const look = async () => {
    const { utilization } = performance.eventLoopUtilization(since);
    since = performance.eventLoopUtilization();
    if (kept === 0 || (utilization < IDLE_SHARE && process.memoryUsage().heapUsed > kept + WORTH_BYTES)) {
      await collect({ type: "major", execution: "async", flavor: "last-resort" });
      kept = process.memoryUsage().heapUsed;
    }
    if (everyMs !== null) timer = setTimeout(look, everyMs).unref();
  };
  timer = setTimeout(look, afterMs).unref();
  return () => clearTimeout(timer);
}
