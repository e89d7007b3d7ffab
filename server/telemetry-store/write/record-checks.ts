import type { Attributes, AttributeValue, Origin } from "../../agent/ports/telemetry.ts";
import { DAY_MS } from "../partitions/partitions.ts";
import { cleanText } from "./attributes.ts";

const FUTURE_MS = 3_600_000;
const MAX_ORIGIN_LENGTH = 200;
const MAX_DEPTH = 64;

export interface KeptTime {
  /** why a record of this instant (ms since 1970) is not kept; null when it is */
  refusal(atMs: number): string | null;
}

/** @param what of which signal, for the reason: "lines" */
export function keptTime(now: Date, keptDays: number, what: string): KeptTime {
  const newest = now.getTime() + FUTURE_MS;
  const oldest = now.getTime() - keptDays * DAY_MS;
  const tooOld = `older than the ${keptDays} days for which ${what} are kept`;
  return {
    refusal: (atMs) => {
      if (!Number.isFinite(atMs)) return "the time is not a number";
      if (atMs > newest) return "more than an hour in the future: check the sender's clock";
      return atMs < oldest ? tooOld : null;
    },
  };
}

/** Why the origin and the attributes of a record cannot be stored; null when they can. */
export function originRefusal(record: Origin & { attributes: Attributes }): string | null {
  // names go into indexes, whose entries have to be of a reasonable length
  if (ORIGIN.some((key) => record[key].length > MAX_ORIGIN_LENGTH))
    return `a service, environment, version or instance of more than ${MAX_ORIGIN_LENGTH} characters`;
  return isDeep(record.attributes) ? DEEP : null;
}

/** The record with an origin that can be stored and counted by; mostly the record itself. */
export function withCleanOrigin<R extends Origin>(record: R): R {
  if (ORIGIN.every((key) => isClean(record[key]))) return record;
  const clean = Object.fromEntries(ORIGIN.map((key) => [key, cleanText(record[key])]));
  return { ...record, ...clean };
}
const ORIGIN = ["service", "environment", "version", "instance"] as const;
const isClean = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

/** PostgreSQL and JSON.stringify both work through nested values on the stack. */
export const isDeep = (value: AttributeValue | undefined, depth = 0): boolean => {
  if (typeof value !== "object" || value === null) return false;
  if (depth >= MAX_DEPTH) return true;
  for (const key in value) if (isDeep((value as Record<string, AttributeValue>)[key], depth + 1)) return true;
  return false;
};
export const DEEP = `attributes nested more than ${MAX_DEPTH} levels deep`;

const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
export const isTraceId = (id: string | null): id is string => id !== null && TRACE_ID.test(id);
export const isSpanId = (id: string | null): id is string => id !== null && SPAN_ID.test(id);
