"use client";

import dynamic from "next/dynamic";
import { columnName } from "./column.ts";
import { csvFileName, toCsv } from "./csv.ts";
import { isFixed } from "./hidden-columns.ts";
import { type TableSource, useTableState } from "./table-state.ts";

/** Without the type of the rows, so that it can be loaded apart from the page's first scripts. */
const TableMenuSurface = dynamic(() => import("./table-menu-surface.tsx").then((module) => module.TableMenuSurface));

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/**
 * Which columns a table shows, and its rows as a file: among the actions of the table's section. It takes what the
 * table takes: `<Section actions={<TableMenu {...table} />}><DataTable {...table} rowKey=… /></Section>`.
 */
export function TableMenu<Row>(table: TableSource<Row>) {
  const { label, columns, rows, hideParameter } = table;
  const { shown, hidden, ordered, toggle } = useTableState(table);
  return (
    <TableMenuSurface
      label={label}
      columns={(hideParameter ? columns : []).map((column) => ({
        id: column.id,
        name: columnName(column),
        shown: !hidden.has(column.id),
        fixed: isFixed(columns, column),
        hideBelow: column.hideBelow,
      }))}
      onToggle={toggle}
      rows={rows.length}
      onDownload={() => save(csvFileName(label, new Date()), toCsv(shown, ordered()))}
    />
  );
}
