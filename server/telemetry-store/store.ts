import type { z } from "zod";
import type { Disk } from "../agent/kernel/storage/disk.ts";
import type { IngestFigures, IngestStore, Signal } from "../agent/ports/ingest-store.ts";
import type { Written } from "../agent/ports/telemetry-store.ts";
import type { IngestLimitsSchema } from "../agent/telemetry/config.ts";
import { noteScrape, streamPositions } from "./collector-state.ts";
import { openDatabase } from "./database.ts";
import { createPartitions, type Retention } from "./partitions/partitions.ts";
import { createSizeRetention, type SizeRetention } from "./partitions/size-retention.ts";
import { createKnownNames } from "./read/known-names.ts";
import { createLogSource } from "./read/log-source.ts";
import { createMetricsSource } from "./read/metrics-source.ts";
import { generalisePattern, loadPatterns, patternIds } from "./read/patterns.ts";
import { createTraceSource } from "./read/trace-source.ts";
import { noteMeanings } from "./series/metric-help.ts";
import { noteRefusals } from "./write/ingest-counts.ts";
import { createIngestFigures } from "./write/ingest-figures.ts";
import type { StoreParts } from "./write/record-writer.ts";
import { createToldKinds } from "./write/reported-kinds.ts";
import { createLogWriter } from "./write/write-logs.ts";
import { createSampleWriter } from "./write/write-samples.ts";
import { createSpanWriter } from "./write/write-spans.ts";

interface TelemetryStoreOptions {
  databaseUrl: string;
  /** `monitoringConfig` */
  config: { retention: Retention; limits: z.infer<typeof IngestLimitsSchema> };
  now?: () => Date;
  /** to read, and as many again to write; opened when they are needed */
  connections?: number;
  /** how much room the disk of the database has; absent where that is not known */
  readDisk?: (() => Promise<Disk>) | undefined;
}

export type BuiltinStore = IngestStore &
  IngestFigures & {
    /** for the upkeep, which runs beside the writers */
    readonly parts: StoreParts;
    readonly sizeRetention: SizeRetention;
  };

/** The built-in home of telemetry, on PostgreSQL. Makes no connection before it is used. */
export function createTelemetryStore({
  databaseUrl,
  config,
  now = () => new Date(),
  connections = 6,
  readDisk,
}: TelemetryStoreOptions): BuiltinStore {
  const database = openDatabase(databaseUrl, connections);
  const partitions = createPartitions(database, config.retention);
  const parts: StoreParts = { database, partitions, retention: config.retention, limits: config.limits, now };
  const sizeRetention = createSizeRetention({ ...parts, readDisk });
  const within =
    <A extends unknown[]>(signal: Signal, write: (...given: A) => Promise<Written>) =>
    async (...given: A): Promise<Written> => {
      sizeRetention.assertRoom(signal);
      return write(...given);
    };
  const logWriter = createLogWriter(parts);
  const told = createToldKinds(now);
  const sampleWriter = createSampleWriter(parts, told);
  const spanWriter = createSpanWriter(parts);
  return {
    ...createIngestFigures(parts),
    ...createKnownNames(parts),
    space: sizeRetention.state,
    parts,
    sizeRetention,
    logs: createLogSource(parts),
    metrics: createMetricsSource(parts),
    traces: createTraceSource(parts),
    writeLogs: within("logs", logWriter.write),
    writeReadLogs: within("logs", logWriter.writeRead),
    writeSamples: within("metrics", sampleWriter.write),
    noteMeanings: (meanings, sender) => noteMeanings(database, told, meanings, sender),
    writeSpans: within("traces", spanWriter.write),
    noteRefusal: (signal, sender, rejected) => noteRefusals(parts, signal, sender, rejected),
    loadPatterns: (limit) => loadPatterns(database, limit),
    patternIds: (templates) => patternIds(database, templates, now()),
    generalisePattern: (from, template) => generalisePattern(database, from, template),
    streamPositions: () => streamPositions(database),
    noteScrape: (note) => noteScrape(database, note),
    close: () => database.close(),
  };
}
