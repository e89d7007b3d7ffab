import { Command } from "cmdk";
import type { ReactNode } from "react";

interface PaletteItemProps {
  /** what is searched in */
  value: string;
  onSelect: () => void;
  icon: ReactNode;
  children: ReactNode;
  aside?: ReactNode;
}

export const PaletteItem = ({ value, onSelect, icon, children, aside }: PaletteItemProps) => (
  <Command.Item
    value={value}
    onSelect={onSelect}
    className="flex min-h-9 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-sm data-[selected=true]:bg-selected [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-ink-3"
  >
    {icon}
    <span className="min-w-0 flex-1 truncate">{children}</span>
    {aside ? <span className="text-ink-3 text-xs">{aside}</span> : null}
  </Command.Item>
);

/** For entries of the places in FOUND; the others stand under "Actions". */
export const PaletteGroup = ({ heading, children }: { heading: string; children: ReactNode }) => (
  <Command.Group heading={heading}>{children}</Command.Group>
);
