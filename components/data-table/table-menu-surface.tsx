"use client";

import { Check, Columns3, Download } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import { plural } from "../lib/format.ts";
import { Button } from "../ui/button.tsx";
import { MenuItem, MenuLabel, MenuSeparator } from "../ui/menu.tsx";
import { MenuSurface } from "../ui/menu-surface.tsx";
import type { Column } from "./column.ts";

/** Said of a column that this window is too narrow for, though it is chosen. */
const TOO_NARROW = { sm: "sm:hidden", md: "md:hidden", lg: "lg:hidden", xl: "xl:hidden" } as const;

interface ColumnChoice {
  id: string;
  name: string;
  shown: boolean;
  fixed: boolean;
  hideBelow: Column<never>["hideBelow"];
}

interface TableMenuSurfaceProps {
  label: string;
  /** empty: they cannot be chosen */
  columns: readonly ColumnChoice[];
  onToggle: (id: string) => void;
  /** how many a file would hold */
  rows: number;
  onDownload: () => void;
}

/** What `TableMenu` opens; it stays open while columns are chosen. */
export const TableMenuSurface = ({ label, columns, onToggle, rows, onDownload }: TableMenuSurfaceProps) => (
  <MenuSurface
    trigger={
      <Button variant="ghost" size="icon" aria-label={`Columns and export of ${label}`} title="Columns and export">
        <Columns3 aria-hidden="true" />
      </Button>
    }
  >
    {columns.length > 0 ? (
      <>
        <Radix.Group className="max-h-[60dvh] overflow-y-auto">
          <MenuLabel>Columns</MenuLabel>
          {columns.map((column) => (
            <ColumnItem key={column.id} column={column} onToggle={onToggle} />
          ))}
        </Radix.Group>
        <MenuSeparator />
      </>
    ) : null}
    <MenuItem onSelect={onDownload} disabled={rows === 0}>
      <Download aria-hidden="true" /> Download {plural(rows, "row")} as CSV
    </MenuItem>
  </MenuSurface>
);

const ColumnItem = ({ column, onToggle }: { column: ColumnChoice; onToggle: (id: string) => void }) => (
  <Radix.CheckboxItem
    checked={column.shown}
    disabled={column.fixed}
    onCheckedChange={() => onToggle(column.id)}
    onSelect={(event) => event.preventDefault()}
    className="flex min-h-8 w-full select-none items-center gap-2 rounded-sm px-2 text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:text-ink-3"
  >
    <span className="size-4">
      <Radix.ItemIndicator>
        <Check />
      </Radix.ItemIndicator>
    </span>
    {column.name}
    {column.hideBelow && column.shown ? (
      <span className={`ml-auto pl-4 text-ink-3 text-xs ${TOO_NARROW[column.hideBelow]}`}>needs more width</span>
    ) : null}
  </Radix.CheckboxItem>
);
