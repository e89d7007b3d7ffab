import type { Column } from "./column.ts";

/** The first has the row's link: without it a row leads nowhere. */
export const isFixed = <Row>(columns: readonly Column<Row>[], column: Column<Row>): boolean =>
  column.fixed ?? column === columns[0];

/** Ids of "p95,cpu" as they stand in the URL; unknown ones and those of fixed columns are ignored. */
export function parseHidden<Row>(text: string | null, columns: readonly Column<Row>[]): ReadonlySet<string> {
  const asked = new Set(text?.split(","));
  return new Set(
    columns.filter((column) => asked.has(column.id) && !isFixed(columns, column)).map((column) => column.id),
  );
}

/** For the URL, in the order of the columns; null when all are shown. */
export function writeHidden<Row>(hidden: ReadonlySet<string>, columns: readonly Column<Row>[]): string | null {
  const ids = columns.map((column) => column.id).filter((id) => hidden.has(id));
  return ids.length > 0 ? ids.join(",") : null;
}

/** Hides what is shown, shows what is hidden. */
export function toggleHidden(hidden: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const others = [...hidden].filter((other) => other !== id);
  return new Set(hidden.has(id) ? others : [...others, id]);
}
