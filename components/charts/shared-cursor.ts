"use client";

import { useCallback, useSyncExternalStore } from "react";

interface Cursor {
  t: number | null;
  listeners: Set<() => void>;
}

const cursors = new Map<string, Cursor>();

function cursorOf(name: string): Cursor {
  const found = cursors.get(name) ?? { t: null, listeners: new Set() };
  cursors.set(name, found);
  return found;
}

/** The time that the pointer or the keyboard is at, in ms, the same for all charts with this name; null: nowhere. */
export function useSharedCursor(name: string): [number | null, (t: number | null) => void] {
  const subscribe = useCallback(
    (listener: () => void) => {
      const { listeners } = cursorOf(name);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    [name],
  );
  const t = useSyncExternalStore(
    subscribe,
    () => cursorOf(name).t,
    () => null,
  );
  const move = useCallback(
    (next: number | null) => {
      const cursor = cursorOf(name);
      if (cursor.t === next) return;
      cursor.t = next;
      for (const listener of cursor.listeners) listener();
    },
    [name],
  );
  return [t, move];
}
