"use client";

import { Columns3, Download } from "lucide-react";
import { download } from "../lib/download.ts";
import { plural } from "../lib/format.ts";
import { Button } from "../ui/button.tsx";
import { Menu, MenuCheck, MenuChecks, MenuItem, MenuLabel, MenuSeparator } from "../ui/menu.tsx";
import { columnName } from "./column.ts";
import { isFixed } from "./hidden-columns.ts";
import { tableCsv } from "./table-csv.ts";
import { type TableSource, useTableState } from "./table-state.ts";

/** Said of a column that this window is too narrow for, though it is chosen. */
const TOO_NARROW = { sm: "sm:hidden", md: "md:hidden", lg: "lg:hidden", xl: "xl:hidden" } as const;

/**
 * Which columns a table shows, and its rows as a file: among the actions of the table's section. It takes what the
 * table takes: `<Section actions={<TableMenu {...table} />}><DataTable {...table} rowKey=… /></Section>`.
 */
export function TableMenu<Row>(table: TableSource<Row>) {
  const { label, columns, rows, hideParameter } = table;
  const { shown, hidden, ordered, toggle } = useTableState(table);
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label={`Columns and export of ${label}`} title="Columns and export">
          <Columns3 aria-hidden="true" />
        </Button>
      }
    >
      {hideParameter ? (
        <>
          <MenuChecks>
            <MenuLabel>Columns</MenuLabel>
            {columns.map((column) => (
              <MenuCheck
                key={column.id}
                checked={!hidden.has(column.id)}
                disabled={isFixed(columns, column)}
                onToggle={() => toggle(column.id)}
              >
                {columnName(column)}
                {column.hideBelow && !hidden.has(column.id) ? (
                  <span className={`ml-auto pl-4 text-ink-3 text-xs ${TOO_NARROW[column.hideBelow]}`}>
                    needs more width
                  </span>
                ) : null}
              </MenuCheck>
            ))}
          </MenuChecks>
          <MenuSeparator />
        </>
      ) : null}
      <MenuItem onSelect={() => download(label, "csv", tableCsv(shown, ordered()))} disabled={rows.length === 0}>
        <Download aria-hidden="true" /> Download {plural(rows.length, "row")} as CSV
      </MenuItem>
    </Menu>
  );
}
