import { createPatternRegistry } from "#server/agent/ingest/pattern-registry.ts";
import { createMiner } from "#server/agent/mining/index.ts";
import type { LogRecord } from "#server/agent/ports/telemetry.ts";
import type { BuiltinStore } from "#server/telemetry-store/store.ts";

/** Lines in the built-in store, mined as the collector does it. */

export const logRecord = (atMs: number, body: string, more: Partial<LogRecord> = {}): LogRecord => ({
  ...{ atMs, body, severity: 9, service: "checkout", environment: "production", version: "2.4.0", instance: "a" },
  ...{ attributes: {}, traceId: null, spanId: null },
  ...more,
});

/** Records of one kind from one time to another (exclusive), evenly. */
export const every = (
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
  make: (atMs: number, i: number) => LogRecord,
): LogRecord[] => {
  const records: LogRecord[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += stepMs) records.push(make(atMs, records.length));
  return records;
};

/** Writes records oldest first, in batches; one book for as long as the lines of one test belong together. */
export function createLineWriter(store: BuiltinStore) {
  const book = createPatternRegistry(store, createMiner());
  return async (records: readonly LogRecord[]): Promise<void> => {
    const sorted = [...records].sort((a, b) => a.atMs - b.atMs);
    for (let at = 0; at < sorted.length; at += 5_000) {
      const mined = await book.mine(sorted.slice(at, at + 5_000));
      const { rejected } = await store.writeLogs(mined, { protocol: "otlp", name: "test" });
      if (rejected.length > 0) throw new Error(`lines were refused: ${rejected[0]?.reason}`);
    }
  };
}
