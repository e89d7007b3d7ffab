"use client";

import { type ComponentType, createContext, type ReactNode } from "react";

export interface MenuProps {
  /** a Button, or a button of your own */
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
}

export interface MenuItemProps {
  onSelect?: () => void;
  disabled?: boolean;
  className?: string;
  children: ReactNode;
}

export interface MenuChoiceProps {
  value: string;
  onValueChange: (value: string) => void;
  options: { value: string; label: ReactNode }[];
}

export interface MenuCheckProps {
  checked: boolean;
  disabled?: boolean;
  onToggle: () => void;
  children: ReactNode;
}

export interface MenuPartsValue {
  Item: ComponentType<MenuItemProps>;
  Label: ComponentType<{ children: ReactNode }>;
  Separator: ComponentType;
  Choice: ComponentType<MenuChoiceProps>;
  Check: ComponentType<MenuCheckProps>;
  Checks: ComponentType<{ children: ReactNode }>;
}

/** The parts come with the surface, so that a page's first scripts hold no menu. */
export const MenuParts = createContext<MenuPartsValue | null>(null);
