import { isOwnService, OWN_SERVICE } from "../kernel/own-service.ts";
import type { Attributes, LogRecord, Origin, Rejection, SeriesSamples, SpanRecord } from "../ports/telemetry.ts";
import type { Sender } from "../ports/telemetry-store.ts";
import { RejectionTally } from "../telemetry/rejections.ts";

/** Who a record is from, for senders that may not say so freely. What they claim beyond is kept beside it, as a claim. */

type Part = "service" | "environment" | "instance";
const PARTS: readonly Part[] = ["service", "environment", "instance"];

const attributeOf = (part: Part): string => `operate.claimed_${part}`;
const labelOf = (part: Part): string => `operate_claimed_${part}`;
const ATTRIBUTES = PARTS.map(attributeOf);
const LABELS = PARTS.map(labelOf);
const MOST_NAMED = 3;
/** as OpenTelemetry calls a service that nobody named; SDKs add the program */
const NAMELESS = "unknown_service";
const UNSAID = /^(unknown_service(:.*)?)?$/;

interface Kept<T> {
  records: T[];
  /** claims that were not taken, for the ingest page; their records are kept */
  claims: Rejection[];
}

/** What stands in its place, and why: a reason of null when nothing was claimed. Null for what is taken as it is. */
type Verdict = { instead: string; reason: string | null } | null;

/** The same for every protocol and signal: records of lines and spans have their origin as fields, series as labels. */
export const keepRecordClaims = <T extends LogRecord | SpanRecord>(records: T[], sender: Sender): Kept<T> =>
  keepClaims(records, sender, {
    said: (record, part) => record[part],
    forged: ({ attributes }) => ATTRIBUTES.some((name) => Object.hasOwn(attributes, name)),
    changed: (record, instead, claimed) => ({
      ...record,
      ...instead,
      attributes: marked(record.attributes, ATTRIBUTES, attributeOf, claimed),
    }),
  });

export const keepSeriesClaims = (series: SeriesSamples[], sender: Sender): Kept<SeriesSamples> =>
  keepClaims(series, sender, {
    said: ({ labels }, part) => labels[part] ?? "",
    forged: ({ labels }) => LABELS.some((name) => Object.hasOwn(labels, name)),
    changed: (one, instead, claimed) => ({
      ...one,
      labels: { ...marked(one.labels, LABELS, labelOf, claimed), ...instead },
    }),
  });

function marked<V extends Attributes | Record<string, string>>(
  from: V,
  names: readonly string[],
  nameOf: (part: Part) => string,
  claimed: Partial<Origin>,
): V {
  const rest = Object.entries(from).filter(([name]) => !names.includes(name));
  const marks = PARTS.flatMap((part) => (claimed[part] ? [[nameOf(part), claimed[part]] as const] : []));
  return Object.fromEntries([...rest, ...marks]) as V;
}

interface Shape<T> {
  said(record: T, part: Part): string;
  /** it brings a mark of its own, which only Operate makes */
  forged(record: T): boolean;
  changed(record: T, instead: Partial<Record<Part, string>>, claimed: Partial<Record<Part, string>>): T;
}

function keepClaims<T>(records: T[], sender: Sender, shape: Shape<T>): Kept<T> {
  if (sender.own) return { records, claims: [] };
  const tally = new RejectionTally();
  const judge = judgeOf(sender);
  const kept = records.map((record) => {
    const instead: Partial<Record<Part, string>> = {};
    const claimed: Partial<Record<Part, string>> = {};
    let changed = shape.forged(record);
    for (const part of PARTS) {
      const said = shape.said(record, part);
      const verdict = judge(part, said);
      if (verdict === null) continue;
      changed = true;
      instead[part] = verdict.instead;
      if (verdict.reason === null) continue;
      claimed[part] = said;
      tally.add(verdict.reason, () => said);
    }
    return changed ? shape.changed(record, instead, claimed) : record;
  });
  return { records: kept, claims: tally.list() };
}

/** Remembers what it said: a batch has few names and many records. */
function judgeOf(sender: Sender): (part: Part, said: string) => Verdict {
  const known = new Map<string, Verdict>();
  return (part, said) => {
    const key = `${part} ${said}`;
    let verdict = known.get(key);
    if (verdict === undefined) {
      verdict = part === "service" ? judgeService(said, sender) : judgeOther(part, said, sender);
      known.set(key, verdict);
    }
    return verdict;
  };
}

function judgeService(said: string, { boundTo }: Sender): Verdict {
  const services = boundTo?.services ?? [];
  const [first = ""] = services;
  if (services.includes(said)) return null;
  if (services.length > 0 && UNSAID.test(said)) return { instead: first, reason: null };
  const where = `with what it claimed in ${attributeOf("service")}`;
  if (services.length > 0) return { instead: first, reason: `${boundWords(services)}; kept as ${first}, ${where}` };
  if (!isOwnService(said)) return null;
  return { instead: NAMELESS, reason: `only Operate itself writes as ${OWN_SERVICE}; kept as ${NAMELESS}, ${where}` };
}

function judgeOther(part: Exclude<Part, "service">, said: string, { boundTo }: Sender): Verdict {
  const bound = boundTo?.[part];
  if (bound === undefined || said === bound) return null;
  if (said === "") return { instead: bound, reason: null };
  const reason = `an instance of the local platform writes for itself alone; the ${part} it claimed is kept in ${attributeOf(part)}`;
  return { instead: bound, reason };
}

function boundWords(services: readonly string[]): string {
  const more = services.length > MOST_NAMED ? ` and ${services.length - MOST_NAMED} more` : "";
  return `this token writes only as ${services.slice(0, MOST_NAMED).join(", ")}${more}`;
}
