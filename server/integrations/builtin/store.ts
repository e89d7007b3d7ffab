import type { z } from "zod";
import type { IngestLimitsSchema } from "../../agent/config-telemetry.ts";
import type { IngestFigures, IngestStore } from "../../agent/ports/ingest-store.ts";
import { noteScrape, streamPositions } from "./collector-state.ts";
import { openDatabase } from "./database.ts";
import { noteRefusals } from "./ingest-counts.ts";
import { createIngestFigures } from "./ingest-figures.ts";
import { createLogSource } from "./log-source.ts";
import { noteMeanings } from "./metric-help.ts";
import { createMetricsSource } from "./metrics-source.ts";
import { createPartitions, type Retention } from "./partitions.ts";
import { generalisePattern, loadPatterns, patternIds } from "./patterns.ts";
import type { StoreParts } from "./record-writer.ts";
import { createTraceSource } from "./trace-source.ts";
import { createLogWriter } from "./write-logs.ts";
import { createSampleWriter } from "./write-samples.ts";
import { createSpanWriter } from "./write-spans.ts";

interface TelemetryStoreOptions {
  databaseUrl: string;
  /** `monitoringConfig` */
  config: { retention: Retention; limits: z.infer<typeof IngestLimitsSchema> };
  now?: () => Date;
  /** to read, and as many again to write; opened when they are needed */
  connections?: number;
}

export type BuiltinStore = IngestStore &
  IngestFigures & {
    /** for the upkeep, which runs beside the writers */
    readonly parts: StoreParts;
  };

/** The built-in home of telemetry, on PostgreSQL. Makes no connection before it is used. */
export function createTelemetryStore({
  databaseUrl,
  config,
  now = () => new Date(),
  connections = 6,
}: TelemetryStoreOptions): BuiltinStore {
  const database = openDatabase(databaseUrl, connections);
  const partitions = createPartitions(database, config.retention);
  const parts: StoreParts = { database, partitions, retention: config.retention, limits: config.limits, now };
  const logWriter = createLogWriter(parts);
  const sampleWriter = createSampleWriter(parts);
  const spanWriter = createSpanWriter(parts);
  return {
    ...createIngestFigures(parts),
    parts,
    logs: createLogSource(parts),
    metrics: createMetricsSource(parts),
    traces: createTraceSource(parts),
    writeLogs: logWriter.write,
    writeReadLogs: logWriter.writeRead,
    writeSamples: sampleWriter.write,
    noteMeanings: (meanings) => noteMeanings(database, meanings),
    writeSpans: spanWriter.write,
    noteRefusal: (signal, sender, rejected) => noteRefusals(parts, signal, sender, rejected),
    loadPatterns: (limit) => loadPatterns(database, limit),
    patternIds: (templates) => patternIds(database, templates, now()),
    generalisePattern: (from, template) => generalisePattern(database, from, template),
    streamPositions: () => streamPositions(database),
    noteScrape: (note) => noteScrape(database, note),
    close: () => database.close(),
  };
}
