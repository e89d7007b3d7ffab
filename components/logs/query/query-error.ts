import { describeError } from "../../trpc/error-description.ts";

/** What is wrong with a query, and where; columns count from 1. */
export interface QueryError {
  message: string;
  column: number;
  length: number;
}

/** The error of a read as one about its query; null when it is about something else. */
export function queryErrorOf(error: unknown): QueryError | null {
  if (!error) return null;
  const { message, details } = describeError(error);
  const column = details?.column;
  if (typeof column !== "number" || column < 1) return null;
  const length = details?.length;
  return { message, column, length: typeof length === "number" && length > 0 ? length : 1 };
}

/** widest excerpt that stands under the input on a phone, in characters */
const SHOWN = 36;

/** The part of the query around the error, and the carets under it: both in a font of equal widths. */
export function caretLines(query: string, { column, length }: QueryError): { text: string; carets: string } {
  const start = column - 1 > SHOWN - 8 ? column - 1 - SHOWN / 2 : 0;
  const before = start > 0 ? "…" : "";
  const text = query.slice(start, start + SHOWN).replace(/[\t\n]/g, " ");
  const after = start + SHOWN < query.length ? "…" : "";
  const carets = Math.max(1, Math.min(length, start + SHOWN - (column - 1)));
  return {
    text: `${before}${text}${after}`,
    carets: `${" ".repeat(before.length + column - 1 - start)}${"^".repeat(carets)}`,
  };
}
