/**
 * When a target is checked: at a fixed phase of its interval, taken from its id, so that checks spread evenly over the
 * interval, any worker computes the same times, and a result can be keyed by its slot. Times are ms since the epoch.
 */
export const SHARD_COUNT = 64;

/** FNV-1a, 32 bits: spreads similar ids evenly and costs next to nothing. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // the low bits of FNV spread poorly for short changes at the end; this finalizer (murmur3) mixes them
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export const phaseOf = (id: string, intervalMs: number): number => hash32(id) % intervalMs;

/** The first slot strictly after `afterMs`. */
export function nextSlot(id: string, intervalMs: number, afterMs: number): number {
  const phase = phaseOf(id, intervalMs);
  return (Math.floor((afterMs - phase) / intervalMs) + 1) * intervalMs + phase;
}

/**
 * Past this a slot is skipped, not made up for: after a stopped process or a jump of the clock, everything would be
 * late at once, and the next slots are spread again.
 */
export const latestStartMs = (slotAtMs: number, intervalMs: number): number =>
  slotAtMs + Math.min(intervalMs / 2, 5_000);
