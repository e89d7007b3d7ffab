import { AppError } from "../../../agent/kernel/errors.ts";

export type JsonObject = { readonly [key: string]: unknown };

/** An object takes about a hundred bytes, and two of the body; more than this would be a body made to take memory. */
const MOST_CONTAINERS = 2_000_000;

/** @throws INVALID with the place where the body stops being a JSON object */
export function parseJsonBody(body: Uint8Array): JsonObject {
  if (containers(body) > MOST_CONTAINERS)
    throw new AppError("INVALID", `The body holds more than ${MOST_CONTAINERS} objects. Send smaller batches.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    const reason = (cause as Error).message.slice(0, 160).toWellFormed();
    throw new AppError("INVALID", `The body is not JSON: ${reason}.`, { cause });
  }
  return objectAt(parsed, "body");
}

function containers(body: Uint8Array): number {
  let count = 0;
  // `[` and `{`; by index, as an iterator over bytes takes longer than parsing them
  for (let i = 0; i < body.length; i++) if (body[i] === 0x7b || body[i] === 0x5b) count++;
  return count;
}

interface Place {
  path: string;
  expected: string;
  found: string;
}

const misplaced = (place: Place): AppError =>
  new AppError("INVALID", `${place.path} must be ${place.expected}, not ${place.found}.`, { details: { ...place } });

const wrong = (value: unknown, path: string, expected: string): AppError =>
  misplaced({ path, expected, found: Array.isArray(value) ? "a list" : value === null ? "null" : typeof value });

/**
 * The error of a part as an error of the whole. Paths are put together where something is wrong, from the inside out:
 * to build one for each value would cost more than to read it.
 */
export function under(path: string, error: unknown): unknown {
  const place = error instanceof AppError ? (error.details as Place | undefined) : undefined;
  return place?.path === undefined
    ? error
    : misplaced({ ...place, path: place.path === "" ? path : `${path}.${place.path}` });
}

/** What `read` gives, its errors under this path. */
export function inside<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw under(path, error);
  }
}

/** @throws INVALID naming the path, when the value is no object */
export function objectAt(value: unknown, path: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(value, path, "an object");
  return value as JsonObject;
}

/** An absent list is an empty one. @throws INVALID naming the path, when the value is no list */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrong(value, path, "a list");
  return value;
}

/** An absent text is an empty one. @throws INVALID */
export function textAt(value: unknown, path: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw wrong(value, path, "text");
  return value;
}

/**
 * A number or, as JSON of protobuf writes 64-bit integers and what is not finite, a text that holds one. An absent
 * number is 0. @throws INVALID
 */
export function numberAt(value: unknown, path: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === "number") return value;
  if (value === "NaN") return Number.NaN;
  const parsed = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  if (Number.isNaN(parsed)) throw wrong(value, path, "a number");
  return parsed;
}

/** Nanoseconds as milliseconds, exact to the microsecond when they stand in a text. An absent time is 0. @throws INVALID */
export function nanosAsMsAt(value: unknown, path: string): number {
  if (typeof value === "string" && /^\d{1,20}$/.test(value)) return Number(value.slice(0, -3)) / 1000;
  const nanos = numberAt(value, path);
  if (!(nanos >= 0)) throw wrong(value, path, "nanoseconds since 1970");
  return Math.floor(nanos / 1000) / 1000;
}
