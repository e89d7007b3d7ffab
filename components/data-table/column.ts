import type { ReactNode } from "react";
import type { CsvValue } from "../lib/csv.ts";

export interface Column<Row> {
  id: string;
  header: ReactNode;
  /** the header in plain words, where it is not a text */
  name?: string;
  cell: (row: Row) => ReactNode;
  /** numbers stand right, in mono */
  numeric?: boolean;
  /** makes the column sortable */
  sort?: (row: Row) => number | string | null;
  /** what a file says of it where `sort` does not tell; a column with neither is only drawn */
  csv?: (row: Row) => CsvValue;
  /** of the file's numbers: "ms" */
  unit?: string;
  /** what else the cell shows, each a column of its own in the file */
  more?: readonly { name: string; csv: (row: Row) => CsvValue }[];
  /** never hidden; the first column is so by itself, for it has the row's link */
  fixed?: true;
  /** narrower than this, the column is left out: what must be seen on a phone has none */
  hideBelow?: "sm" | "md" | "lg" | "xl";
  className?: string;
  /** what the row's second line says of it where the column is left out (below `sm` for one that never is); null: nothing */
  phone?: (row: Row) => ReactNode;
}

/** The header as words, for a menu and a file. */
export const columnName = ({ name, header, id }: Pick<Column<never>, "name" | "header" | "id">): string =>
  name ?? (typeof header === "string" ? header : id);
