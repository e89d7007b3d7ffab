import { type Column, type CsvValue, columnName } from "./column.ts";

/** spreadsheets take a file without it for one of their old 8-bit encodings */
const BYTE_ORDER_MARK = "\ufeff";

/** OWASP, "CSV Injection": a spreadsheet runs what begins so, and log lines and names of services come from strangers. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: CsvValue): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

interface FileColumn<Row> {
  name: string;
  value: (row: Row) => CsvValue;
}

/** A table's column in the file: its own value, when it has one, then what else its cell shows. */
function fileColumns<Row>(column: Column<Row>): FileColumn<Row>[] {
  const value = column.csv ?? column.sort;
  const name = column.unit ? `${columnName(column)} (${column.unit})` : columnName(column);
  return [
    ...(value ? [{ name, value }] : []),
    ...(column.more ?? []).map((more) => ({ name: more.name, value: more.csv })),
  ];
}

/** Rows as CSV (RFC 4180) with a header line and a byte order mark; null and numbers that are none are empty. */
export function toCsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const inFile = columns.flatMap(fileColumns);
  const lines = [inFile.map(({ name }) => name), ...rows.map((row) => inFile.map(({ value }) => value(row)))];
  return BYTE_ORDER_MARK + lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

/** "Services, worst first" → "services-worst-first-2026-11-22T140307Z.csv". */
export function csvFileName(label: string, at: Date): string {
  const name = label.toLowerCase().match(/[a-z0-9]+/g) ?? ["table"];
  const time = at.toISOString().slice(0, 19).replaceAll(":", "");
  return `${name.join("-")}-${time}Z.csv`;
}
