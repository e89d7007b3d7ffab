import type { Attributes, AttributeValue } from "../../ports/telemetry.ts";
import { escapeHiding } from "../../text/visible-text.ts";
import { cleanText } from "./line-event.ts";

/** Bounds of what a line may bring along; the rest is left out and counted. */

const MAX_DEPTH = 6;
const MAX_KEYS = 128;
const MAX_ITEMS = 64;
const MAX_KEY_LENGTH = 128;
const MAX_TEXT_LENGTH = 4_096;
const MAX_CHARACTERS = 32_768;
/** Attribute that says how many values were left out. */
const DROPPED = "operate.dropped_attributes";

interface Budget {
  keys: number;
  characters: number;
  dropped: number;
}

/**
 * A copy of decoded fields that is safe to keep: 128 keys and 32,768 characters in all, six levels deep, lists of 64,
 * texts of 4,096, no `__proto__`, nothing PostgreSQL refuses. `operate.dropped_attributes` counts what is missing.
 */
export function boundAttributes(fields: Record<string, unknown>, without: ReadonlySet<string>): Attributes {
  const budget: Budget = { keys: MAX_KEYS, characters: MAX_CHARACTERS, dropped: 0 };
  const kept = boundObject(fields, without, budget, 1);
  if (budget.dropped > 0) kept[DROPPED] = budget.dropped;
  return kept;
}

const NONE: ReadonlySet<string> = new Set();

function boundObject(
  fields: Record<string, unknown>,
  without: ReadonlySet<string>,
  budget: Budget,
  depth: number,
): Attributes {
  const kept: Attributes = {};
  for (const key of Object.keys(fields)) {
    if (without.has(key)) continue;
    if (budget.keys <= 0 || budget.characters <= 0 || key === "__proto__") {
      budget.dropped++;
      continue;
    }
    budget.keys--;
    const name = escapeHiding(cleanText(key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH)}…` : key));
    budget.characters -= name.length;
    const value = boundValue(fields[key], budget, depth);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function boundValue(value: unknown, budget: Budget, depth: number): AttributeValue | undefined {
  if (typeof value === "string") return boundText(value, budget);
  if (typeof value === "boolean" || value === null) return value;
  // 1e999 is valid JSON and becomes Infinity, which JSON cannot write again
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object") return undefined;
  if (depth >= MAX_DEPTH) {
    budget.dropped++;
    return "…";
  }
  if (!Array.isArray(value)) return boundObject(value as Record<string, unknown>, NONE, budget, depth + 1);
  if (value.length > MAX_ITEMS) budget.dropped += value.length - MAX_ITEMS;
  const items: AttributeValue[] = [];
  for (const item of value.slice(0, MAX_ITEMS)) {
    if (budget.keys <= 0 || budget.characters <= 0) {
      budget.dropped++;
      continue;
    }
    budget.keys--;
    const kept = boundValue(item, budget, depth + 1);
    if (kept !== undefined) items.push(kept);
  }
  return items;
}

function boundText(text: string, budget: Budget): string {
  const limit = Math.min(MAX_TEXT_LENGTH, Math.max(0, budget.characters));
  budget.characters -= Math.min(text.length, limit);
  if (text.length <= limit) return cleanText(text);
  budget.dropped++;
  return `${cleanText(text.slice(0, limit))}…`;
}
