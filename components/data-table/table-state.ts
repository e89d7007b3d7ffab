"use client";

import { parseAsString, useQueryState } from "nuqs";
import type { Column } from "./column.ts";
import { parseHidden, toggleHidden, writeHidden } from "./hidden-columns.ts";
import { nextSorting, parseSorting, type Sorting, sortRows, writeSorting } from "./sort-rows.ts";

/** What a table and its menu share: give both the same. */
export interface TableSource<Row> {
  /** read out as the table's name; names its file */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  /** name of the URL parameter that keeps the order; leave out for a table that is not sorted */
  sortParameter?: string;
  /** name of the URL parameter that keeps which columns are hidden; leave out to show all */
  hideParameter?: string;
}

interface TableState<Row> {
  sorting: Sorting | null;
  sortBy: (column: string) => void;
  /** the rows in the order shown */
  ordered: () => readonly Row[];
  shown: readonly Column<Row>[];
  hidden: ReadonlySet<string>;
  toggle: (column: string) => void;
}

/** Order and columns of a table as the URL says them; every component that names the same parameters sees the same. */
export function useTableState<Row>(table: Omit<TableSource<Row>, "label">): TableState<Row> {
  const { columns, rows, sortParameter, hideParameter } = table;
  const [sortText, setSort] = useQueryState(sortParameter ?? "sort", parseAsString);
  const [hideText, setHide] = useQueryState(hideParameter ?? "hide", parseAsString);
  const sorting = sortParameter ? parseSorting(sortText) : null;
  const hidden = parseHidden(hideParameter ? hideText : null, columns);
  return {
    sorting,
    sortBy: (column) => {
      const next = nextSorting(sorting, column);
      void setSort(next ? writeSorting(next) : null);
    },
    ordered: () => {
      const by = columns.find((column) => column.id === sorting?.column)?.sort;
      return sorting && by ? sortRows(rows, by, sorting.direction) : rows;
    },
    shown: hidden.size > 0 ? columns.filter((column) => !hidden.has(column.id)) : columns,
    hidden,
    toggle: (column) => void setHide((text) => writeHidden(toggleHidden(parseHidden(text, columns), column), columns)),
  };
}
