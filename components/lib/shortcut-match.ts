/** What of a key event matters for matching. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

export type Match = { kind: "run"; keys: string } | { kind: "wait"; first: string } | { kind: "none" };

/** The press as it is written in a shortcut: "j", "?", "mod+k". Null for modifiers we do not use. */
export function written(press: KeyPress): string | null {
  if (press.altKey || press.key.length === 0) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  return press.ctrlKey || press.metaKey ? `mod+${key}` : key;
}

/** Matches a press, after an optional first key ("g"), against shortcuts such as "g o", "/", "mod+k". */
export function matchShortcut(press: KeyPress, first: string | null, known: Iterable<string>): Match {
  const key = written(press);
  if (!key) return { kind: "none" };
  const all = [...known];
  if (first && all.includes(`${first} ${key}`)) return { kind: "run", keys: `${first} ${key}` };
  if (all.includes(key)) return { kind: "run", keys: key };
  if (all.some((keys) => keys.startsWith(`${key} `))) return { kind: "wait", first: key };
  return { kind: "none" };
}
