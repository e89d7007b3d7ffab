/** The parameters of one statement: what comes from outside stands here, never in the text. */
export interface SqlValues {
  values: unknown[];
  /** the placeholder of a value */
  add(value: unknown): string;
}

export function createSqlValues(): SqlValues {
  const values: unknown[] = [];
  return {
    values,
    add: (value) => {
      // NUL was stored as U+FFFD, and PostgreSQL takes it in no parameter
      values.push(typeof value === "string" ? value.replaceAll("\0", "\uFFFD") : value);
      return `$${values.length}`;
    },
  };
}

/** Text as a LIKE pattern that matches it alone. */
export const literalLike = (text: string): string => text.replace(/[\\%_]/g, "\\$&");

/** Text in which `*` stands for any characters, as a LIKE pattern. */
export const globLike = (text: string): string => text.split("*").map(literalLike).join("%");

/** An instant in microseconds since 1970 as PostgreSQL reads it. */
export function instantText(micros: bigint): string {
  const ms = micros / 1_000n - (micros % 1_000n < 0n ? 1n : 0n);
  const rest = micros - ms * 1_000n;
  return `${new Date(Number(ms)).toISOString().slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}

/** Microseconds since 1970 of a timestamptz column, as text: a bigint does not fit into a number. */
export const microsOf = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint::text`;
