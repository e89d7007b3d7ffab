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

const SECOND_LINE = { sm: "sm:hidden", md: "md:hidden", lg: "lg:hidden", xl: "xl:hidden" } as const;
const WIDTHS = ["sm", "md", "lg", "xl"] as const;

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
        {ordered().map((row) => (
          <Fragment key={rowKey(row)}>
            {/* both lines are one row to the eye and to the pointer: the link of the first covers them */}
            <tbody
              data-row-key={rowKey(row)}
              className={cn(
                "relative border-b last:border-b-0 focus-within:bg-selected hover:bg-hover",
                rowClassName?.(row),
              )}
            >
              <tr className="h-9">
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
              <SecondLine columns={columns} row={row} />
            </tbody>
            <Detail columns={columns.length}>{detail?.(row)}</Detail>
          </Fragment>
        ))}
      </table>
    </div>
  );
}

const Detail = ({ columns, children }: { columns: number; children: ReactNode }) =>
  children ? (
    <tbody className="border-b bg-sunken last:border-b-0">
      <tr>
        <td colSpan={columns}>{children}</td>
      </tr>
    </tbody>
  ) : null;

/** What narrow screens leave out and must not lose: cause, since when and who. */
function SecondLine<Row>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }) {
  const parts = columns.flatMap(({ id, phone, hideBelow = "sm" }) => {
    const words = phone?.(row) ?? null;
    return words === null ? [] : [{ id, words, below: hideBelow }];
  });
  if (parts.length === 0) return null;
  const widest = WIDTHS.findLast((width) => parts.some(({ below }) => below === width)) ?? "sm";
  return (
    <tr className={SECOND_LINE[widest]}>
      <td colSpan={columns.length} className="px-3 pb-1.5">
        <div className="flex flex-wrap gap-x-3 gap-y-0.5 text-ink-2 text-xs">
          {parts.map(({ id, words, below }) => (
            <span key={id} className={cn("min-w-0", SECOND_LINE[below])}>
              {words}
            </span>
          ))}
        </div>
      </td>
    </tr>
  );
}

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
