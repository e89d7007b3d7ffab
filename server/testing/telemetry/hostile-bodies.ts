import fc from "fast-check";
import { expect } from "vitest";
import { AppError } from "../../agent/kernel/errors.ts";
import type { Decoded } from "../../agent/ports/telemetry.ts";
import { cpuMsOf } from "../cpu-time.ts";

type Decode = (body: Uint8Array) => Decoded<unknown>;

/** far above what a body of some kilobytes takes, far below what a loop without an end does */
const MOST_MS = 2000;

/** The decoder gives records or says INVALID, soon; nothing else, and nothing that PostgreSQL would refuse. */
function expectBounded(decode: Decode, body: Uint8Array): void {
  expect(cpuMsOf(() => expectGoodOrInvalid(decode, body))).toBeLessThan(MOST_MS);
}

function expectGoodOrInvalid(decode: Decode, body: Uint8Array): void {
  try {
    const { records, rejected } = decode(body);
    const stored = JSON.stringify(records);
    expect(stored.includes("\\u0000") || !stored.isWellFormed()).toBe(false);
    for (const { count, example } of rejected) {
      expect(count).toBeGreaterThan(0);
      expect(example?.length ?? 0).toBeLessThanOrEqual(200);
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "INVALID") throw error;
    expect(error.message.length).toBeLessThan(1000);
  }
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
}

/** Bytes that were never meant to be telemetry. */
export function tryRandomBytes(decode: Decode): void {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (body) => expectBounded(decode, body)));
}

/** A good body cut at every length; a long one at some of them. */
export function tryTruncated(decode: Decode, body: Uint8Array): void {
  const step = Math.max(1, Math.floor(body.length / 3000));
  for (let length = 0; length < body.length; length += step) expectBounded(decode, body.subarray(0, length));
}

/** A good body with some of its bytes changed. `seal` makes the changed bytes a body again, as by compressing them. */
export function tryDamaged(decode: Decode, body: Uint8Array, seal = (bytes: Uint8Array): Uint8Array => bytes): void {
  const change = fc.tuple(fc.nat(Math.max(0, body.length - 1)), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const damaged = Uint8Array.from(body);
      for (const [at, byte] of changes) damaged[at] = byte;
      expectBounded(decode, seal(damaged));
    }),
    { numRuns: 500 },
  );
}

/** JSON in which any part of a good body has become any other value. */
export function tryOddJson(decode: Decode, good: unknown): void {
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(-1, 1e308, "NaN", "Infinity", "-1", "1e400", "\0", "\ud800", "", null, { __proto__: 1 }, [[[]]]),
    fc.constant(JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}')),
  );
  const paths = pathsOf(good);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(paths.length - 1), odd), { minLength: 1, maxLength: 4 }), (changes) => {
      let body = structuredClone(good);
      for (const [at, value] of changes) body = replaced(body, paths[at] ?? [], value);
      expectBounded(decode, Buffer.from(JSON.stringify(body)));
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.json(), (body) => expectBounded(decode, Buffer.from(body))));
}

function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    name === key ? replaced(inner, rest, by) : inner,
  ]);
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
