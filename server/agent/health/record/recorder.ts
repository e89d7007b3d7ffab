import type { Runtime } from "../../kernel/context.ts";
import { type CheckResult, recordResults } from "./record-results.ts";

interface RecorderOptions {
  flushMs: number;
  /** told about each batch that could not be written; it is kept and tried again */
  report: (message: string, error: unknown) => void;
}

const BATCH = 500;
/** held back while the database is away; past it the oldest are dropped */
const KEEP = 50_000;
const RETRY_MS = 1_000;

/** Collects results and writes them in batches, one at a time. */
export function createRecorder(runtime: Runtime, options: RecorderOptions) {
  let waiting: CheckResult[] = [];
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> | null = null;
  let dropped = 0;

  const arm = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = null;
      void flush();
    }, ms);
  };
  async function write(): Promise<void> {
    const batch = waiting.splice(0, BATCH);
    if (batch.length === 0) return;
    try {
      await recordResults(runtime, batch);
      if (waiting.length > 0) arm(waiting.length >= BATCH ? 0 : options.flushMs);
    } catch (error) {
      options.report(`${batch.length} health results could not be written; they are kept`, error);
      waiting = [...batch, ...waiting].slice(-KEEP);
      arm(RETRY_MS);
    }
  }
  async function flush(): Promise<void> {
    if (writing) return await writing;
    writing = write().finally(() => {
      writing = null;
    });
    await writing;
  }
  return {
    add(result: CheckResult): void {
      waiting.push(result);
      if (waiting.length > KEEP) {
        waiting.shift();
        dropped++;
      }
      if (!writing) arm(options.flushMs);
    },
    waiting: () => waiting.length,
    dropped: () => dropped,
    /** Writes what is left, one try per batch. */
    async stop(): Promise<void> {
      if (writing) await writing;
      for (let left = waiting.length; left > 0; ) {
        await flush();
        if (waiting.length >= left) break; // the database is away; the next worker checks anew
        left = waiting.length;
      }
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}
