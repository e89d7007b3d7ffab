import type { KnownLine, Pattern } from "./patterns.ts";
import type { Word } from "./vocabulary.ts";

interface Entry {
  words: (Word | undefined)[];
  version: number;
  pattern: Pattern | null;
}

const SLOTS = 2 ** 13;

/**
 * Lines seen before: the same known words at the same positions have the same pattern as long as no pattern of that
 * length changed, and null says that no pattern is even like them. One entry a slot, so the memory is bounded.
 */
export function createLineCache() {
  const slots = new Array<Entry | undefined>(SLOTS).fill(undefined);
  return {
    find({ words, count }: KnownLine, version: number): Pattern | null | undefined {
      const entry = slots[slotOf(words, count)];
      if (entry?.version !== version || entry.words.length !== count) return undefined;
      for (let i = 0; i < count; i++) if (entry.words[i] !== words[i]) return undefined;
      return entry.pattern;
    },
    put({ words, count }: KnownLine, version: number, pattern: Pattern | null): void {
      slots[slotOf(words, count)] = { words: words.slice(0, count), version, pattern };
    },
  };
}

function slotOf(words: KnownLine["words"], count: number): number {
  let hash = count;
  for (let i = 0; i < count; i++) hash = Math.imul(hash ^ (words[i]?.hash ?? 1), 0x01000193);
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}
