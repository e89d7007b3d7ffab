"use client";

import type { RefObject } from "react";
import { useShortcuts } from "../lib/shortcuts.ts";

const ROW = "[data-row-link]";

/** Key of the row that has the focus, as given to `rowKey`; null when none has. */
export const focusedRowKey = (): string | null =>
  document.activeElement?.closest<HTMLElement>("[data-row-key]")?.dataset.rowKey ?? null;

function move(container: HTMLElement | null, step: 1 | -1): void {
  const links = [...(container?.querySelectorAll<HTMLElement>(ROW) ?? [])];
  const row = document.activeElement?.closest("[data-row-key]");
  const at = links.findIndex((link) => link.closest("[data-row-key]") === row);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step));
  links[next]?.focus();
  links[next]?.scrollIntoView({ block: "nearest" });
}

/** j and k move the real focus from row to row, so that Enter follows the row's link by itself. */
export function useRowNavigation(container: RefObject<HTMLElement | null>): void {
  useShortcuts([
    { keys: "j", label: "Next row", group: "List", run: () => move(container.current, 1) },
    { keys: "k", label: "Row before", group: "List", run: () => move(container.current, -1) },
  ]);
}
