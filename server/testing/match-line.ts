import type { LogFilter, LogLineRecord, LogTerm } from "../agent/ports/log-source.ts";
import { type Attributes, type AttributeValue, LOG_LEVELS, levelOfSeverity } from "../agent/ports/telemetry.ts";

/** Whether lines meet a filter, for lines that are not filtered by their source: streams and live tail. */

/** True when every condition of the filter holds. A line without a level does not meet a least level. */
export function matches(filter: LogFilter, line: LogLineRecord): boolean {
  for (const key of EXACT) {
    const wanted = filter[key];
    if (wanted !== undefined && line[key] !== wanted) return false;
  }
  const least = filter.minSeverity === undefined ? null : levelOfSeverity(filter.minSeverity);
  if (least !== null && (line.level === null || LOG_LEVELS.indexOf(line.level) < LOG_LEVELS.indexOf(least)))
    return false;
  return filter.terms.every((term) => holds(term, line) !== term.negated);
}
const EXACT = ["service", "environment", "version", "instance", "traceId", "patternId"] as const;

function holds(term: LogTerm, line: LogLineRecord): boolean {
  if (term.kind === "text") return line.body.toLowerCase().includes(term.value.toLowerCase());
  switch (term.field) {
    case "service":
    case "environment":
    case "version":
    case "instance":
      return matchesGlob(term.value, line[term.field]);
    case "trace":
      return line.traceId !== null && matchesGlob(term.value, line.traceId);
    default:
      return valuesAt(line.attributes, term.field).some((value) => matchesGlob(term.value, value));
  }
}

/**
 * The texts that a dotted path leads to: `a.b` finds { a: { b: 1 } } and { "a.b": 1 } alike; of a list, each item.
 * A null counts as absent, an object or list as its JSON.
 */
function valuesAt(attributes: Attributes, path: string): string[] {
  const values: string[] = [];
  if (Object.hasOwn(attributes, path)) addTexts(values, attributes[path]);
  for (let dot = path.indexOf("."); dot !== -1; dot = path.indexOf(".", dot + 1)) {
    const head = path.slice(0, dot);
    const inner = Object.hasOwn(attributes, head) ? attributes[head] : null;
    const items = Array.isArray(inner) ? inner : [inner];
    for (const item of items)
      if (typeof item === "object" && item !== null && !Array.isArray(item))
        values.push(...valuesAt(item, path.slice(dot + 1)));
  }
  return values;
}

function addTexts(values: string[], value: AttributeValue | undefined): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) for (const item of value) addTexts(values, item);
  values.push(typeof value === "object" ? JSON.stringify(value) : String(value));
}

/** `*` stands for any characters, none too. In time of pattern × text at worst, whatever the stars. */
function matchesGlob(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  let [p, t, star, resume] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
