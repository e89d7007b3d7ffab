/** Numbers as people read them, the same in the sentences of the server and in the console. Pure, safe in a browser. */

/** No-break, so that a number is never cut at the end of a line. */
const SEPARATOR = "\u00a0";

/** Digits of the whole part in threes: `1156` → `1 156`, `-12345.678` → `-12 345.678`. Takes decimal notation. */
function inThrees(decimal: string): string {
  const [whole = "", ...fraction] = decimal.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, SEPARATOR), ...fraction].join(".");
}

/** Whole things, exactly: 12345 → `12 345`, also beyond 10²¹. */
export const groupedCount = (value: number): string =>
  Number.isFinite(value) ? inThrees(BigInt(Math.round(value)).toString()) : String(value);

/** Three significant digits, at most three decimals, none at the end that is zero: 1034.2 → `1 030`, 0.0451 → `0.045`. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const rounded = Number(value.toPrecision(3));
  if (Math.abs(rounded) >= 1_000) return groupedCount(rounded);
  return String(Number(rounded.toFixed(3)));
}
