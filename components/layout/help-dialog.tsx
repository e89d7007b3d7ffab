"use client";

import { activeShortcuts, type Shortcut } from "../lib/shortcuts.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Kbd } from "../ui/kbd.tsx";

const GROUPS: Shortcut["group"][] = ["Everywhere", "Go to", "This page", "List"];

/** What the keyboard does on this page: exactly the shortcuts that are registered now. */
export function HelpDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const shortcuts = open ? activeShortcuts() : [];
  const list = shortcuts.some((shortcut) => shortcut.group === "List");
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard" description="What works on this page.">
      <div className="grid gap-x-8 gap-y-5 p-4 sm:grid-cols-2">
        {GROUPS.map((group) => {
          const mine = shortcuts.filter((shortcut) => shortcut.group === group);
          if (mine.length === 0) return null;
          return (
            <section key={group}>
              <h3 className="mb-1.5 text-ink-3 text-xs">{group}</h3>
              <ul className="flex flex-col gap-1">
                {mine.map((shortcut) => (
                  <Row key={shortcut.keys} label={shortcut.label} keys={shortcut.keys} />
                ))}
                {group === "List" && list ? <Row label="Open the row" keys="Enter" /> : null}
              </ul>
            </section>
          );
        })}
      </div>
    </Dialog>
  );
}

const Row = ({ label, keys }: { label: string; keys: string }) => (
  <li className="flex items-center justify-between gap-4 text-sm">
    {label}
    <span className="flex gap-1">
      {keys
        .replace("mod+", "Ctrl/⌘ ")
        .split(" ")
        .map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
    </span>
  </li>
);
