import { confidentialTexts } from "../../agent/kernel/confidential/confidential.ts";
import { literalLike, type SqlValues } from "../read/sql-values.ts";

/**
 * Rows that were stored before a value in them became confidential. A filter on text must not tell what it finds in them:
 * such a row meets no filter, whatever is asked and whether or not it is negated, so that nothing can be learnt by asking.
 * Without a filter it is shown, with the value replaced.
 */

export const SERIES_TEXTS = ["name", "(select string_agg(concat(key, ' ', value), ' ') from jsonb_each_text(labels))"];

/** Conditions that hold for rows in whose texts nothing is confidential; none when nothing is. */
export function searchable(texts: readonly string[], sql: SqlValues): string[] {
  const values = confidentialTexts().map((text) => `%${literalLike(text.replaceAll("\0", "\uFFFD"))}%`);
  if (values.length === 0) return [];
  const any = `any(${sql.add(values)}::text[])`;
  return texts.map((text) => `(${text} ilike ${any}) is not true`);
}
