import { AppError } from "../../agent/kernel/errors.ts";
import type { LogFilter, LogTerm } from "../../agent/ports/log-source.ts";
import { globbed, literally, quoted } from "../../agent/telemetry/query-text.ts";
import { type LabelNames, LEVEL_LABELS, ORIGINS, TRACE_LABELS } from "./label-names.ts";

/** Filters as LogQL. https://grafana.com/docs/loki/latest/query/log_queries/ */

/** What picks out a service's streams where the configuration says so; empty: its origin does. */
export type LabelsOf = (service: string, environment: string | undefined) => Record<string, string>;

/** Words of each level, by its least SeverityNumber. */
const LEVEL_WORDS = [
  { from: 21, words: "fatal|crit|critical|alert|emerg|emergency|panic|dpanic" },
  { from: 17, words: "error|err|severe" },
  { from: 13, words: "warn|warning|wrn" },
  { from: 9, words: "info|information|informational|notice" },
  { from: 5, words: "debug|dbg|fine" },
];

/** what parsers take out of a line gets names of ours, so that it meets no label of the stream */
const PARSED = "operate";
/** a metric query ends at the first line that a parser could not read, unless the note of it is taken away */
const FORGET_ERRORS = "drop __error__, __error_details__";

/**
 * `{stream} |~ "text" | …`: an origin that is a label of streams selects streams, another one filters lines; a field
 * is looked for among labels and structured metadata and inside of lines that are JSON or logfmt.
 * @throws INVALID for a pattern: lines in Loki are not mined as they arrive
 */
export function logqlOf(filter: LogFilter, names: LabelNames, labelsOf: LabelsOf): string {
  if (filter.patternId !== undefined)
    throw new AppError("INVALID", "Lines in Loki have no stored pattern. Search for words of the pattern instead.");
  const configured = filter.service === undefined ? {} : labelsOf(filter.service, filter.environment);
  const byHand = Object.keys(configured).length > 0;
  const matchers = Object.entries(configured).map(([label, value]) => `${label}=${quoted(value)}`);
  const stages: string[] = [];
  for (const origin of ORIGINS) {
    const value = filter[origin];
    if (value === undefined || (byHand && (origin === "service" || origin === "environment"))) continue;
    const test = `${names[origin]}=${quoted(value)}`;
    if (names.stream.has(names[origin])) matchers.push(test);
    else stages.push(`| ${test}`);
  }
  if (matchers.length === 0) matchers.push(`${names.service}=~".+"`);
  const fields = filter.terms.filter((term) => term.kind === "field").map((term, i) => fieldStage(term, names, i));
  if (filter.traceId !== undefined) fields.push(anyField(TRACE_LABELS, `=${quoted(filter.traceId)}`, "trace"));
  if (filter.minSeverity !== undefined && filter.minSeverity > 4) fields.push(levelStage(filter.minSeverity));
  // texts first: they drop lines before anything is parsed
  const texts = filter.terms.filter((term) => term.kind === "text").map(textStage);
  return [`{${matchers.join(",")}}`, ...texts, ...stages, ...fields].join(" ");
}

const textStage = ({ value, negated }: LogTerm): string =>
  `${negated ? "!~" : "|~"} ${quoted(`(?i)${literally(value)}`)}`;

function fieldStage(term: Extract<LogTerm, { kind: "field" }>, names: LabelNames, index: number): string {
  const { field, value, negated } = term;
  const test = value.includes("*")
    ? `${negated ? "!~" : "=~"}${quoted(globbed(value))}`
    : `${negated ? "!=" : "="}${quoted(value)}`;
  const origin = ORIGINS.find((one) => one === field);
  if (origin) return `| ${names[origin]}${test}`;
  return anyField(field === "trace" ? TRACE_LABELS : [field], test, String(index), negated);
}

function levelStage(minSeverity: number): string {
  const words = LEVEL_WORDS.filter(({ from }) => from + 3 >= minSeverity).map((level) => level.words);
  return anyField(LEVEL_LABELS, `=~${quoted(`(?i)(${words.join("|")})`)}`, "level");
}

/** One of several fields passes the test; negated, all of them pass it. */
function anyField(fields: readonly string[], test: string, suffix: string, negated = false): string {
  const found: string[] = [];
  const json: string[] = [];
  const logfmt: string[] = [];
  fields.forEach((field, i) => {
    const name = `${PARSED}_${suffix}_${i}`;
    found.push(labelOf(field), `${name}_json`, `${name}_logfmt`);
    json.push(`${name}_json=${quoted(pathOf(field))}`);
    logfmt.push(`${name}_logfmt=${quoted(labelOf(field))}`);
    if (!field.includes(".")) return;
    found.push(`${name}_key`);
    json.push(`${name}_key=${quoted(`[${quoted(field)}]`)}`);
  });
  const tests = found.map((name) => `${name}${test}`).join(negated ? " and " : " or ");
  return `| json ${json.join(", ")} | logfmt ${logfmt.join(", ")} | ${FORGET_ERRORS} | ${tests}`;
}

/** Loki writes every other character of a name as "_". */
const labelOf = (field: string): string => field.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_");

const pathOf = (field: string): string =>
  field
    .split(".")
    .map((part, i) => (/^[a-zA-Z_]\w*$/.test(part) ? `${i > 0 ? "." : ""}${part}` : `[${quoted(part)}]`))
    .join("");

/** The labels by which `countsOf` tells levels, the surest first. */
export const COUNTED_LEVELS = [...LEVEL_LABELS, `${PARSED}_json`, `${PARSED}_logfmt`] as const;

/** Lines of a log query per step and level; levels inside of lines are looked at, too, as Loki 2 finds none itself. */
export const countsOf = (logql: string, stepSeconds: number): string => {
  const parsed = `| json ${PARSED}_json="level" | logfmt ${PARSED}_logfmt="level" | ${FORGET_ERRORS}`;
  return `sum by (${COUNTED_LEVELS.join(", ")}) (count_over_time(${logql} ${parsed} [${stepSeconds}s]))`;
};

/** Lines of a log query per origin in the `seconds` before the time it is asked for. */
export const originsOf = (logql: string, { service, environment }: LabelNames, seconds: number): string =>
  `sum by (${service}, ${environment}) (count_over_time(${logql} [${seconds}s]))`;
