"use client";

import { useEffect, useRef } from "react";
import { matchShortcut } from "./shortcut-match.ts";

export interface Shortcut {
  /** "j", "?", "g o" (one after the other), "mod+k" (Control or Command) */
  keys: string;
  /** for the help: what it does, as "Go to overview" */
  label: string;
  group: "Go to" | "Everywhere" | "This page" | "List";
}

interface Registered extends Shortcut {
  run: () => void;
}

const registered = new Set<Registered>();
const SEQUENCE_MS = 1_200;
let first: { key: string; at: number } | null = null;

/** Of those that want the same key: the page's own before the frame's, then the newest. */
function winnerOf(keys: string): Registered | undefined {
  const all = [...registered].filter((shortcut) => shortcut.keys === keys);
  return all.findLast(({ group }) => group === "This page" || group === "List") ?? all.at(-1);
}

/** What works right now; the help dialog lists it. */
export function activeShortcuts(): Shortcut[] {
  const all = [...new Set([...registered].map((shortcut) => shortcut.keys))];
  return all.flatMap((keys) => {
    const winner = winnerOf(keys);
    return winner ? [{ keys, label: winner.label, group: winner.group }] : [];
  });
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select, [role=combobox]"));

const dialogOpen = (): boolean => document.querySelector("[role=dialog],[role=alertdialog],[role=menu]") !== null;

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.repeat) return;
  const held = event.ctrlKey || event.metaKey;
  if (!held && (typing(event.target) || dialogOpen())) return;
  const after = first && Date.now() - first.at < SEQUENCE_MS ? first.key : null;
  const match = matchShortcut(event, after, new Set([...registered].map((shortcut) => shortcut.keys)));
  first = match.kind === "wait" ? { key: match.first, at: Date.now() } : null;
  if (match.kind !== "run") return;
  event.preventDefault();
  winnerOf(match.keys)?.run();
}

/** Shortcuts that work while the component is mounted. Not while typing or while a dialog is open, but for mod+… */
export function useShortcuts(shortcuts: readonly (Shortcut & { run: () => void })[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const signature = shortcuts.map((shortcut) => `${shortcut.keys}|${shortcut.label}|${shortcut.group}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the list; handlers are read late
  useEffect(() => {
    if (registered.size === 0) window.addEventListener("keydown", onKeyDown);
    const mine = latest.current.map(({ keys, label, group }, index) => ({
      keys,
      label,
      group,
      run: () => latest.current[index]?.run(),
    }));
    for (const shortcut of mine) registered.add(shortcut);
    return () => {
      for (const shortcut of mine) registered.delete(shortcut);
      if (registered.size === 0) window.removeEventListener("keydown", onKeyDown);
    };
  }, [signature]);
}
