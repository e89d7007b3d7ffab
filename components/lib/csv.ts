/** As it stands in a file: a time as ISO 8601, a number as it is, null for what is not known. */
export type CsvValue = string | number | null;

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

/**
 * Lines of values as CSV (RFC 4180) with a byte order mark, the head line first. Null and numbers that are none are
 * empty, and what a spreadsheet would run as a formula is kept as text by a leading apostrophe.
 */
export const toCsv = (lines: readonly (readonly CsvValue[])[]): string =>
  BYTE_ORDER_MARK + lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
