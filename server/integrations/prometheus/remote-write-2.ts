import { AppError } from "../../agent/kernel/errors.ts";
import type { Decoded, MetricMeaning, SeriesSamples } from "../../agent/ports/telemetry.ts";
import { Batch } from "../http/body/batch.ts";
import { bytesField, type ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { MOST_HELP } from "../http/body/text.ts";
import { readNativeHistogram } from "./native-histogram.ts";
import { createKinds, FAMILY_TYPES, type Family, type Kind } from "./series-kind.ts";
import { keepSeries, newSeries, type ReadSeries, readSample, type WriteCounts } from "./write-series.ts";

const MOST_SYMBOLS = 1_000_000;
/** more than any label may have, so that one that is too long is seen */
const MOST_TEXT = 4096;
const MOST_UNIT = 63;
/** of a series of a histogram or a summary, what its family's name has not */
const PART = /_(?:bucket|count|sum|gcount|gsum)$/;

interface Metadata {
  type: number;
  help: number;
  unit: number;
}

/** With how many samples and native histograms could be read, as 2.0 wants to be told how many were written. */
export interface DecodedWrite extends Decoded<SeriesSamples> {
  kept?: WriteCounts;
}

/**
 * Reads an io.prometheus.write.v2.Request: texts stand once in a table of symbols, and what a series means and when its
 * counter began stand with the series.
 * Source: https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
 * @throws INVALID, with the offset, when the body as a whole cannot be read
 */
export function decodeRequest2(
  reader: ProtobufReader,
  { maxRecords }: { maxRecords?: number | undefined },
): DecodedWrite {
  const symbols = readSymbols(reader);
  const batch = new Batch<SeriesSamples>(maxRecords);
  const kinds = createFamilyKinds(symbols);
  const kept: WriteCounts = { samples: 0, histograms: 0 };
  reader.rewind(0);
  while (reader.more()) {
    const tag = reader.tag();
    if (tag !== bytesField(5)) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    try {
      const { series, metadata } = readSeries(reader, symbols);
      const samples = series.timesMs.length + series.histograms.length;
      if (batch.full()) batch.overflow(Math.max(1, samples));
      else {
        const own = keepSeries(series, (name) => kinds.kindOf(name, metadata), batch);
        kept.samples += own.samples;
        kept.histograms += own.histograms;
      }
    } catch (error) {
      batch.broken("a series cannot be read", error);
    }
    reader.leave(outer);
  }
  const meanings = kinds.meanings();
  return { ...batch.decoded(), kept, ...(meanings.length > 0 && { meanings }) };
}

/** They may stand after the series that refer to them. */
function readSymbols(reader: ProtobufReader): string[] {
  const symbols: string[] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag !== bytesField(4)) reader.skip(tag);
    else if (symbols.length >= MOST_SYMBOLS)
      throw new AppError("INVALID", `More than ${MOST_SYMBOLS} symbols in one request: send smaller batches.`);
    else symbols.push(reader.text(MOST_TEXT));
  }
  return symbols;
}

function symbolAt(symbols: readonly string[], index: number): string {
  const symbol = symbols[index];
  if (symbol === undefined) throw new AppError("INVALID", `a series refers to symbol ${index} of ${symbols.length}`);
  return symbol;
}

/** TimeSeries {labels_refs, samples, histograms, exemplars, metadata}; drafts have created_timestamp as field 6 */
function readSeries(reader: ProtobufReader, symbols: readonly string[]): { series: ReadSeries; metadata: Metadata } {
  const series = newSeries();
  const metadata: Metadata = { type: 0, help: 0, unit: 0 };
  const refs: number[] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(1)) {
      const outer = reader.enter();
      while (reader.more()) refs.push(reader.uint64());
      reader.leave(outer);
    } else if (tag === varintField(1)) refs.push(reader.uint64());
    else if (tag === bytesField(2)) readSample(reader, series);
    else if (tag === bytesField(3)) series.histograms.push(readNativeHistogram(reader));
    else if (tag === bytesField(5)) readMetadata(reader, metadata);
    else if (tag === varintField(6)) series.startMs = reader.int64();
    else reader.skip(tag);
  }
  for (let i = 0; i + 1 < refs.length; i += 2)
    series.labels.set(symbolAt(symbols, refs[i] ?? 0), symbolAt(symbols, refs[i + 1] ?? 0));
  return { series, metadata };
}

function readMetadata(reader: ProtobufReader, metadata: Metadata): void {
  const outer = reader.enter();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === varintField(1)) metadata.type = reader.int32();
    else if (tag === varintField(3)) metadata.help = reader.uint64();
    else if (tag === varintField(4)) metadata.unit = reader.uint64();
    else reader.skip(tag);
  }
  reader.leave(outer);
}

/** Kinds by name and by what is said with the series; those that are said also correct series that came before. */
function createFamilyKinds(symbols: readonly string[]) {
  const known = new Map<string, Kind>();
  const meanings = new Map<string, MetricMeaning>();
  return {
    kindOf: (name: string, { type, help, unit }: Metadata): Kind => {
      const key = `${type} ${help} ${unit} ${name}`;
      const before = known.get(key);
      if (before) return before;
      const family: Family = {
        type: FAMILY_TYPES[type] ?? "unknown",
        help: symbolAt(symbols, help).slice(0, MOST_HELP),
        unit: symbolAt(symbols, unit).slice(0, MOST_UNIT),
      };
      const isPart = family.type === "histogram" || family.type === "gaugehistogram" || family.type === "summary";
      const kind = createKinds(new Map([[isPart ? name.replace(PART, "") : name, family]]))(name);
      known.set(key, kind);
      if (family.type !== "unknown") meanings.set(name, { name, help: family.help, kind: kind.kind });
      return kind;
    },
    meanings: () => [...meanings.values()],
  };
}
