import { AppError } from "../../agent/kernel/errors.ts";
import type { StreamPosition } from "../../agent/ports/ingest-store.ts";
import type { MinedLog, Sender, Written } from "../../agent/ports/telemetry-store.ts";
import type { Connection } from "../database.ts";
import { createPatternSeenTimes } from "../read/patterns.ts";
import { closedUntil, noteLate } from "../rollup/rollup-progress.ts";
import { isEmpty, storableJson } from "./attributes.ts";
import type { CopyRows } from "./copy-rows.ts";
import { createLineIds } from "./line-ids.ts";
import { createLogTally } from "./log-tally.ts";
import { isSpanId, isTraceId, keptTime, originRefusal, withCleanOrigin } from "./record-checks.ts";
import { createRecordWriter, type Entry, type Prepared, type RecordTarget, type StoreParts } from "./record-writer.ts";
import { createRejections } from "./rejections.ts";

interface LineEntry extends Entry {
  line: MinedLog;
}

export interface LogWriter {
  write(records: readonly MinedLog[], sender: Sender): Promise<Written>;
  /** As `IngestStore.writeReadLogs`. */
  writeRead(records: readonly MinedLog[], sender: Sender, positions: readonly StreamPosition[]): Promise<Written>;
}

export function createLogWriter(parts: StoreParts): LogWriter {
  const writer = createRecordWriter(parts, createLineTarget());
  return {
    write: (records, sender) => writer.write(prepare(parts, records), sender),
    writeRead: (records, sender, positions) =>
      writer.write(prepare(parts, records), sender, (tx) => moveStreams(tx, positions, parts.now())),
  };
}

function prepare({ now, retention }: StoreParts, records: readonly MinedLog[]): Prepared<LineEntry> {
  const time = keptTime(now(), retention.logsDays, "lines");
  const entries: LineEntry[] = [];
  const rejections = createRejections();
  for (const record of records) {
    const line = withCleanOrigin(record);
    const reason = time.refusal(line.atMs) ?? originRefusal(line);
    if (reason === null) entries.push({ line, service: line.service, records: 1, example: () => line.body });
    else rejections.add(reason, () => line.body, line.service);
  }
  return { entries, rejections };
}

function createLineTarget(): RecordTarget<LineEntry> {
  const ids = createLineIds();
  const recordSeen = createPatternSeenTimes();
  return {
    signal: "logs",
    into: "log_line (at, id, pattern_id, severity, trace_id, span_id, service, environment, version, instance, body, attributes)",
    tables: ["log_line", "log_count", "log_count_hour"],
    maxRecords: 20_000,
    instantsMs: ({ line }) => [line.atMs],
    open: async (tx, entries) => {
      const closedMs = await closedUntil(tx, "logs");
      const numbers = await ids.take(tx, entries.length);
      return {
        append: (rows, { line }, i) => appendLine(rows, line, numbers[i] ?? 0),
        finish: async (stored) => {
          const tally = createLogTally();
          for (const { line } of stored) tally.add(line);
          await noteLate(
            tx,
            "logs",
            [...tally.hours].filter((hourMs) => hourMs < closedMs),
          );
          await recordSeen(tx, tally.patterns());
          await tally.save(tx);
        },
      };
    },
  };
}

function appendLine(rows: CopyRows, line: MinedLog, id: number): void {
  rows.row(12);
  rows.timestamp(line.atMs);
  rows.int64(id);
  if (line.patternId === null) rows.null();
  else rows.int32(line.patternId);
  rows.int16(Math.max(0, Math.min(24, Math.trunc(line.severity) || 0)));
  if (isTraceId(line.traceId)) rows.hex(line.traceId, 32);
  else rows.null();
  if (isSpanId(line.spanId)) rows.hex(line.spanId, 16);
  else rows.null();
  rows.text(line.service);
  rows.text(line.environment);
  rows.text(line.version);
  rows.text(line.instance);
  rows.text(line.body);
  if (isEmpty(line.attributes)) rows.null();
  else rows.jsonb(storableJson(line.attributes));
}

/** Each stream from where it stood to where it stands now. @throws CONFLICT when one stands elsewhere */
async function moveStreams(tx: Connection, positions: readonly StreamPosition[], now: Date): Promise<void> {
  const sorted = [...positions].sort((a, b) => (a.stream < b.stream ? -1 : 1));
  const values = [sorted.map(({ stream }) => stream), sorted.map(({ from }) => from), sorted.map(({ to }) => to), now];
  const unnested = "unnest($1::text[], $2::text[], $3::text[]) as u(stream, was, position)";
  const fresh = await tx.query(
    `insert into stream_position (stream, position, read_at) select stream, position, $4 from ${unnested}
     where was is null on conflict do nothing`,
    values,
  );
  const moved = await tx.query(
    `update stream_position s set position = u.position, read_at = $4 from ${unnested}
     where s.stream = u.stream and s.position = u.was`,
    values,
  );
  if ((fresh.rowCount ?? 0) + (moved.rowCount ?? 0) < sorted.length)
    throw new AppError(
      "CONFLICT",
      "Somebody else reads the same streams of lines. Ask where they stand and go on from there.",
    );
}
