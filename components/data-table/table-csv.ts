import { type CsvValue, toCsv } from "../lib/csv.ts";
import { type Column, columnName } from "./column.ts";

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

/** The rows of a table as CSV, with the names of its columns in the head line. */
export function tableCsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const inFile = columns.flatMap(fileColumns);
  return toCsv([inFile.map(({ name }) => name), ...rows.map((row) => inFile.map(({ value }) => value(row)))]);
}
