"use client";

import { ArrowDown, ArrowUp } from "lucide-react";
import { Fragment, type ReactNode, useRef } from "react";
import { EnvLink, PlainLink } from "../layout/env-link.tsx";
import { cn } from "../lib/cn.ts";
import type { Column } from "./column.ts";
import { useRowNavigation } from "./row-navigation.ts";
import { type TableSource, useTableState } from "./table-state.ts";

export type { Column } from "./column.ts";

const HIDE = {
  sm: "hidden sm:table-cell",
  md: "hidden md:table-cell",
  lg: "hidden lg:table-cell",
  xl: "hidden xl:table-cell",
} as const;

interface DataTableProps<Row> extends TableSource<Row> {
  rowKey: (row: Row) => string;
  /** j and k; at most one table of a page */
  navigable?: boolean;
  rowClassName?: (row: Row) => string | undefined;
  /** what stands below a row that is opened; null for a row that is not */
  detail?: (row: Row) => ReactNode;
}

/** Dense table, rows of 36 px, sorted and its columns hidden in the URL. The first cell's RowLink makes the whole row clickable. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, sortParameter, rowKey, navigable, rowClassName, detail } = props;
  const { shown: columns, sorting, sortBy, ordered } = useTableState(props);
  const container = useRef<HTMLDivElement>(null);

  return (
    <div ref={container} className="overflow-x-auto overflow-y-hidden">
      {navigable ? <RowKeys container={container} /> : null}
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr className="border-b text-ink-3 text-xs">
            {columns.map((column) => (
              <HeaderCell
                key={column.id}
                column={column}
                direction={sorting?.column === column.id ? sorting.direction : null}
                onSort={sortParameter && column.sort ? () => sortBy(column.id) : undefined}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {ordered().map((row) => (
            <Fragment key={rowKey(row)}>
              <tr
                data-row-key={rowKey(row)}
                className={cn(
                  "relative h-9 border-b last:border-b-0 focus-within:bg-selected hover:bg-hover",
                  rowClassName?.(row),
                )}
              >
                {columns.map((column) => (
                  <td
                    key={column.id}
                    className={cn(
                      "px-2 py-1 first:pl-3 last:pr-3",
                      column.numeric && "num whitespace-nowrap text-right",
                      column.hideBelow && HIDE[column.hideBelow],
                      column.className,
                    )}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
              <Detail columns={columns.length}>{detail?.(row)}</Detail>
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Detail = ({ columns, children }: { columns: number; children: ReactNode }) =>
  children ? (
    <tr className="border-b bg-sunken last:border-b-0">
      <td colSpan={columns}>{children}</td>
    </tr>
  ) : null;

function RowKeys({ container }: { container: React.RefObject<HTMLDivElement | null> }) {
  useRowNavigation(container);
  return null;
}

function HeaderCell<Row>({
  column,
  direction,
  onSort,
}: {
  column: Column<Row>;
  direction: "asc" | "desc" | null;
  onSort: (() => void) | undefined;
}) {
  const Arrow = direction === "asc" ? ArrowUp : ArrowDown;
  return (
    <th
      scope="col"
      aria-sort={direction === "asc" ? "ascending" : direction === "desc" ? "descending" : undefined}
      className={cn(
        "h-8 whitespace-nowrap px-2 font-medium first:pl-3 last:pr-3",
        column.numeric ? "text-right" : "text-left",
        column.hideBelow && HIDE[column.hideBelow],
        column.className,
      )}
    >
      {onSort ? (
        <button type="button" onClick={onSort} className="group relative inline-flex items-center hover:text-ink">
          {column.header}
          <Arrow
            aria-hidden="true"
            className={cn("absolute left-full size-3", direction ? "text-ink" : "opacity-0 group-hover:opacity-60")}
          />
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}

interface RowLinkProps {
  href: string;
  children: ReactNode;
  className?: string;
  /** the address says all there is to say of an environment, also by naming none */
  ownEnvironment?: boolean;
  /** false in long lists: each link that the pointer passes over would ask for its page */
  prefetch?: boolean;
}

/** The row's link: covers the row for the pointer, takes the focus for j and k. Anything else in the row needs `z-1 relative`. */
export const RowLink = ({ href, children, className, prefetch, ownEnvironment }: RowLinkProps) => {
  const Anchor = ownEnvironment ? PlainLink : EnvLink;
  return (
    <Anchor
      href={href}
      {...(prefetch === undefined ? {} : { prefetch })}
      data-row-link=""
      className={cn("font-medium text-ink after:absolute after:inset-0 hover:underline", className)}
    >
      {children}
    </Anchor>
  );
};

/** For rows that open something in place instead of a page. */
export const RowButton = ({
  onClick,
  expanded,
  children,
  className,
}: {
  onClick: () => void;
  /** for a row that opens below itself */
  expanded?: boolean;
  children: ReactNode;
  className?: string;
}) => (
  <button
    type="button"
    onClick={onClick}
    aria-expanded={expanded}
    data-row-link=""
    className={cn("text-left font-medium text-ink after:absolute after:inset-0 hover:underline", className)}
  >
    {children}
  </button>
);
