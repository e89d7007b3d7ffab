"use client";

import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import { cn } from "../lib/cn.ts";
import { type MenuItemProps, MenuParts, type MenuPartsValue, type MenuProps } from "./menu-parts.ts";

const ITEM =
  "flex min-h-8 w-full select-none items-center gap-2 rounded-sm px-2 text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:text-ink-3";

const PARTS: MenuPartsValue = {
  Item: ({ className, ...props }: MenuItemProps) => <Radix.Item className={cn(ITEM, className)} {...props} />,
  Label: ({ children }) => <Radix.Label className="px-2 pt-1 pb-1.5 text-ink-3 text-xs">{children}</Radix.Label>,
  Separator: () => <Radix.Separator className="-mx-1 my-1 border-t" />,
  Choice: ({ value, onValueChange, options }) => (
    <Radix.RadioGroup value={value} onValueChange={onValueChange}>
      {options.map((option) => (
        <Radix.RadioItem key={option.value} value={option.value} className={ITEM}>
          <span className="size-4">
            <Radix.ItemIndicator>
              <Check />
            </Radix.ItemIndicator>
          </span>
          {option.label}
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  ),
  Check: ({ checked, disabled, onToggle, children }) => (
    <Radix.CheckboxItem
      checked={checked}
      disabled={disabled}
      onCheckedChange={onToggle}
      onSelect={(event) => event.preventDefault()}
      className={ITEM}
    >
      <span className="size-4">
        <Radix.ItemIndicator>
          <Check />
        </Radix.ItemIndicator>
      </span>
      {children}
    </Radix.CheckboxItem>
  ),
  Checks: ({ children }) => <Radix.Group className="max-h-[60dvh] overflow-y-auto">{children}</Radix.Group>,
};

/** The menu itself; `menu.tsx` loads it apart from the page's first scripts. */
export const MenuSurface = ({ trigger, children, align = "end" }: MenuProps) => (
  <Radix.Root modal={false}>
    <Radix.Trigger asChild>{trigger}</Radix.Trigger>
    <Radix.Portal>
      <Radix.Content
        align={align}
        sideOffset={4}
        collisionPadding={8}
        className="z-50 min-w-44 animate-appear rounded-md border border-line-strong bg-surface p-1"
      >
        <MenuParts value={PARTS}>{children}</MenuParts>
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);
