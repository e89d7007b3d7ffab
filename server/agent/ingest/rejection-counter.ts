import type { IngestStore, Signal } from "../ports/ingest-store.ts";
import type { Rejection } from "../ports/telemetry.ts";
import type { Sender } from "../ports/telemetry-store.ts";

const FLUSH_MS = 1_000;
/** different reasons between two flushes; the first ones tell enough, and memory stays bounded */
const MOST_ENTRIES = 500;

interface Entry {
  signal: Signal;
  sender: Sender;
  rejection: Rejection;
}

/**
 * Counts what was refused and writes it down once a second, so that a refusal costs no transaction. What cannot be
 * written is kept for the next time.
 */
export function createRejectionCounter(
  store: Pick<IngestStore, "noteRefusal">,
  report: (message: string, error: unknown) => void,
) {
  let entries = new Map<string, Entry>();
  let failing = false;

  const add = (signal: Signal, sender: Sender, { reason, count, example }: Rejection) => {
    const key = [signal, sender.protocol, sender.name, reason].join("\n");
    const known = entries.get(key);
    if (known) known.rejection.count += count;
    else if (entries.size < MOST_ENTRIES) entries.set(key, { signal, sender, rejection: { reason, count, example } });
  };

  async function flush(): Promise<void> {
    const due = entries;
    entries = new Map();
    let failed = false;
    for (const { signal, sender, rejection } of due.values())
      try {
        await store.noteRefusal(signal, sender, [rejection]);
      } catch (error) {
        failed = true;
        if (!failing) report("what was refused cannot be written down; tried again every second", error);
        failing = true;
        add(signal, sender, rejection);
      }
    failing &&= failed;
  }

  let flushing = Promise.resolve();
  const timer = setInterval(() => {
    if (entries.size > 0) flushing = flushing.then(flush);
  }, FLUSH_MS);
  timer.unref();

  return {
    note(signal: Signal, sender: Sender, rejected: readonly Rejection[]): void {
      for (const rejection of rejected) add(signal, sender, rejection);
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await flushing;
      await flush();
    },
  };
}
