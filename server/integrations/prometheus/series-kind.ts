import type { SeriesSamples } from "../../agent/ports/telemetry.ts";

/** Types of a metric family; what is in none is "unknown". */
export const FAMILY_TYPES = [
  "unknown",
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
] as const;
export type FamilyType = (typeof FAMILY_TYPES)[number];

export interface Family {
  type: FamilyType;
  unit: string;
  /** "" when not said */
  help: string;
}

export type Families = ReadonlyMap<string, Family>;

/** Suffixes of samples, and the types of families whose samples have them. */
const SUFFIXES: [string, readonly FamilyType[]][] = [
  ["_total", ["counter"]],
  ["_bucket", ["histogram", "gaugehistogram"]],
  ["_count", ["histogram", "summary"]],
  ["_sum", ["histogram", "summary"]],
  ["_gcount", ["gaugehistogram"]],
  ["_gsum", ["gaugehistogram"]],
  ["_info", ["info"]],
];
const COUNTER_NAME = /_(?:total|count|sum|bucket)$/;

export type Kind = Pick<SeriesSamples, "kind" | "kindGuessed" | "unit" | "help">;

/**
 * Tells what kind of series a sample belongs to, in which unit, and what it means: by the type of its family where that is known, else
 * by the suffix that Prometheus' naming gives to counters. A name is looked into once.
 */
export function createKinds(families: Families): (name: string) => Kind {
  const known = new Map<string, Kind>();
  return (name) => {
    let kind = known.get(name);
    if (!kind) {
      kind = kindOf(name, families);
      if (known.size < MOST_KNOWN) known.set(name, kind);
    }
    return kind;
  };
}

const MOST_KNOWN = 20_000;

/** The names that series of a family may have. */
export function seriesNamesOf(family: string, type: FamilyType): string[] {
  const suffixed = SUFFIXES.filter(([, types]) => types.includes(type)).map(([suffix]) => `${family}${suffix}`);
  return type === "histogram" || type === "gaugehistogram" ? suffixed : [family, ...suffixed];
}

function kindOf(name: string, families: Families): Kind {
  const own = families.get(name);
  if (own && own.type !== "unknown")
    return { kind: own.type === "counter" ? "counter" : "gauge", unit: own.unit, ...helpOf(own) };
  for (const [suffix, types] of SUFFIXES) {
    if (!name.endsWith(suffix)) continue;
    const family = families.get(name.slice(0, -suffix.length));
    if (!family || !types.includes(family.type)) continue;
    const grows = family.type === "counter" || family.type === "histogram" || family.type === "summary";
    // a count of observations has no unit
    const unit = suffix === "_sum" || suffix === "_total" ? family.unit : "";
    return { kind: grows ? "counter" : "gauge", unit, ...helpOf(family) };
  }
  const kind = COUNTER_NAME.test(name) ? "counter" : "gauge";
  return { kind, kindGuessed: true, unit: own?.unit ?? "", ...(own && helpOf(own)) };
}

const helpOf = ({ help }: Family): Pick<Kind, "help"> => (help === "" ? {} : { help });
