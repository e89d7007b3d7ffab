import { AppError } from "../../agent/kernel/errors.ts";
import type { Decoded, SeriesSamples } from "../../agent/ports/telemetry.ts";
import { Batch } from "../http/body/batch.ts";
import { describeSeries } from "../http/body/labels.ts";
import { MOST_HELP, storableText } from "../http/body/text.ts";
import { type Line, parseSample, type Sample } from "./exposition-line.ts";
import { createKinds, FAMILY_TYPES, type Family, type Kind } from "./series-kind.ts";
import { withTargetLabels } from "./target-labels.ts";

export interface ExpositionOptions {
  /** of the answer; Prometheus' text format when there is none */
  contentType: string | undefined;
  /** of the target (job, instance, service …); they win over labels of the same name */
  targetLabels: Readonly<Record<string, string>>;
  /** the time of a sample that says none */
  scrapedAtMs: number;
  /** samples beyond are rejected; 100,000 when not given */
  maxRecords?: number;
}

const MOST_FAMILIES = 20_000;
const MOST_UNIT = 63;

/**
 * Reads what a target shows: Prometheus' text format 0.0.4, or OpenMetrics 1.0. Exemplars are passed over, and so is
 * NaN, which says that there is no value. A line that cannot be read is rejected with its number, the others are kept.
 * Sources: https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/
 * @throws INVALID for another content type, and for OpenMetrics without its `# EOF`, which was cut on its way
 */
export function parseExposition(body: Uint8Array, options: ExpositionOptions): Decoded<SeriesSamples> {
  const openMetrics = isOpenMetrics(options.contentType);
  const batch = new Batch<SeriesSamples>(options.maxRecords);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const families = new Map<string, Family>();
  let kindOf = createKinds(families);
  const created: Created = new Map();
  let number = 0;
  let ended = false;
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(10, from);
    const to = newline === -1 ? bytes.length : newline;
    // decoded line by line: a string cut out of the whole body would keep all of it in memory
    const line: Line = { number: ++number, text: bytes.toString("utf8", from, to), openMetrics };
    from = to + 1;
    if (ended) {
      batch.reject("a line stands after # EOF", () => lineExample(line));
      continue;
    }
    if (line.text.startsWith("#")) {
      ended = openMetrics && line.text.trimEnd() === "# EOF";
      if (!ended && readMetadata(line.text, families)) kindOf = createKinds(families);
    } else if (line.text.trim() !== "") readLine(line, { families, kindOf, created }, options, batch);
  }
  if (openMetrics && !ended)
    throw new AppError("INVALID", "The metrics were cut: OpenMetrics ends with `# EOF`, which is missing.", {
      details: { lines: number },
    });
  const decoded = batch.decoded();
  return created.size === 0 ? decoded : { ...decoded, records: decoded.records.map((one) => withStart(one, created)) };
}

/** when the counters of a family and of these labels began at zero, ms since 1970 */
type Created = Map<string, number>;

const BOUNDS = new Set(["le", "quantile"]);
const createdKey = (family: string, labels: readonly (readonly [string, string])[]): string =>
  JSON.stringify([family, labels.filter(([name]) => !BOUNDS.has(name)).sort(([a], [b]) => (a < b ? -1 : 1))]);

function withStart(series: SeriesSamples, created: Created): SeriesSamples {
  if (series.kind !== "counter") return series;
  const labels = Object.entries(series.labels);
  const family = series.name.replace(/_(?:total|bucket|count|sum)$/, "");
  const startMs = created.get(createdKey(family, labels)) ?? created.get(createdKey(series.name, labels));
  return startMs === undefined ? series : { ...series, startMs };
}

/** The family whose counters' birth a sample tells, as OpenMetrics has it and older clients write into the text format. */
function createdFamily({ name }: Sample, families: ReadonlyMap<string, Family>): string | null {
  const family = name.endsWith("_created") ? name.slice(0, -"_created".length) : "";
  const type = (families.get(family) ?? families.get(`${family}_total`))?.type;
  return type === "counter" || type === "histogram" || type === "summary" ? family : null;
}

function isOpenMetrics(contentType: string | undefined): boolean {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "" || type === "text/plain") return false;
  if (type === "application/openmetrics-text") return true;
  throw new AppError(
    "INVALID",
    `The target answered with ${type.slice(0, 100)}. Give the path of its metrics in Prometheus' text format.`,
    { details: { allowed: ["text/plain", "application/openmetrics-text"] } },
  );
}

const METADATA = /^#[ \t]+(TYPE|UNIT|HELP)[ \t]+([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]+(\S[^\r\n]*)/;

/**
 * Other comments are passed over. `untyped` is what the text format calls unknown.
 * @returns whether something was learned
 */
function readMetadata(text: string, families: Map<string, Family>): boolean {
  const [, what, name, value] = METADATA.exec(text) ?? [];
  if (name === undefined || value === undefined) return false;
  const family = families.get(name) ?? { type: "unknown", unit: "", help: "" };
  const [word = ""] = value.split(/\s/, 1);
  if (what === "HELP") family.help = helpText(value);
  else if (what === "UNIT") family.unit = word.slice(0, MOST_UNIT);
  else family.type = FAMILY_TYPES.find((type) => type === word) ?? "unknown";
  if (families.size < MOST_FAMILIES) families.set(name, family);
  return true;
}

/** Both formats escape line ends and backslashes, OpenMetrics quotes, too. */
const helpText = (value: string): string =>
  storableText(
    value.slice(0, 2 * MOST_HELP).replace(/\\([\\n"])/g, (_, escaped) => (escaped === "n" ? "\n" : escaped)),
    MOST_HELP,
  );

function readLine(
  line: Line,
  {
    families,
    kindOf,
    created,
  }: { families: ReadonlyMap<string, Family>; kindOf: (name: string) => Kind; created: Created },
  options: ExpositionOptions,
  batch: Batch<SeriesSamples>,
): void {
  if (batch.full()) {
    batch.overflow();
    return;
  }
  const sample = parseSample(line);
  if (typeof sample === "string") {
    batch.reject("a line cannot be read", () => `line ${line.number}: ${sample}: ${line.text}`);
    return;
  }
  const collector = withTargetLabels(sample.labels, options.targetLabels);
  const born = createdFamily(sample, families);
  if (born !== null && sample.value > 0)
    created.set(createdKey(born, Object.entries(collector.labels)), Math.floor(sample.value * 1_000));
  else if (collector.problem !== null) batch.reject(collector.problem, () => lineExample(line));
  else if (!Number.isFinite(sample.value)) {
    // NaN says that there is no value
    if (!Number.isNaN(sample.value))
      batch.reject("a value is infinite", () => describeSeries(sample.name, collector.labels));
  } else
    batch.keep({
      name: sample.name,
      labels: collector.labels,
      ...kindOf(sample.name),
      timesMs: [sample.timeMs ?? options.scrapedAtMs],
      values: [sample.value],
    });
}

const lineExample = ({ number, text }: Line): string => `line ${number}: ${text}`;
