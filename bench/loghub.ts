import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Logs in the layout of logpai/loghub: `<System>/<System>_2k.log_structured.csv` with a known message for each line. */
export interface LabelledLog {
  name: string;
  lines: string[];
  /** the message each line comes from */
  events: string[];
}

/**
 * Every system of a folder, by name; those without a structured file are left out.
 *
 * @throws when a structured file lacks the columns Content and EventId
 */
export function readLoghub(folder: string): LabelledLog[] {
  const systems = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, file: join(folder, name, `${name}_2k.log_structured.csv`) }));
  return systems
    .filter(({ file }) => existsSync(file))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, file }) => ({ name, ...readStructured(file) }));
}

function readStructured(file: string): { lines: string[]; events: string[] } {
  const [header = [], ...rows] = parseCsv(readFileSync(file, "utf8"));
  const [content, event] = [header.indexOf("Content"), header.indexOf("EventId")];
  if (content < 0 || event < 0) throw new Error(`${file} has no columns Content and EventId.`);
  return { lines: rows.map((row) => row[content] ?? ""), events: rows.map((row) => row[event] ?? "") };
}

/** Rows of fields (RFC 4180): a quoted field may hold commas, line breaks and doubled quotes. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/y;
  field.lastIndex = text.startsWith("\ufeff") ? 1 : 0;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (!found) throw new Error(`Not CSV at character ${field.lastIndex}.`);
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === ",") continue;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push([...row, ""]);
  return rows;
}

/**
 * The share of lines that are grouped with exactly the lines of their own message. Zhu et al., Tools and Benchmarks for
 * Automated Log Parsing, ICSE-SEIP 2019.
 */
export function groupingAccuracy(groups: readonly unknown[], events: readonly string[]): number {
  const sizes = Map.groupBy(events, (event) => event);
  const found = Map.groupBy(events.keys(), (line) => groups[line]);
  let right = 0;
  for (const lines of found.values()) {
    const [event, ...others] = new Set(lines.map((line) => events[line] ?? ""));
    if (others.length === 0 && event !== undefined && sizes.get(event)?.length === lines.length) right += lines.length;
  }
  return right / events.length;
}
