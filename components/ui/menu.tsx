"use client";

import dynamic from "next/dynamic";
import { type ReactNode, useContext } from "react";
import {
  type MenuCheckProps,
  type MenuChoiceProps,
  type MenuItemProps,
  MenuParts,
  type MenuPartsValue,
} from "./menu-parts.ts";

function useParts(): MenuPartsValue {
  const parts = useContext(MenuParts);
  if (!parts) throw new Error("A menu's part stands outside of a Menu");
  return parts;
}

/** `trigger` is a Button; children are MenuItems and the like. The trigger is in the page at once. */
export const Menu = dynamic(() => import("./menu-surface.tsx").then((module) => module.MenuSurface));

export function MenuItem(props: MenuItemProps) {
  const { Item } = useParts();
  return <Item {...props} />;
}

export function MenuLabel({ children }: { children: ReactNode }) {
  const { Label } = useParts();
  return <Label>{children}</Label>;
}

export function MenuSeparator() {
  const { Separator } = useParts();
  return <Separator />;
}

export function MenuChoice(props: MenuChoiceProps) {
  const { Choice } = useParts();
  return <Choice {...props} />;
}

/** On or off; the menu stays open. */
export function MenuCheck(props: MenuCheckProps) {
  const { Check } = useParts();
  return <Check {...props} />;
}

/** Around many of them: they scroll, what else the menu offers stays in sight. */
export function MenuChecks({ children }: { children: ReactNode }) {
  const { Checks } = useParts();
  return <Checks>{children}</Checks>;
}
