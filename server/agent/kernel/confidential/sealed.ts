import { AppError } from "../errors.ts";
import { plainConfidential } from "./confidential.ts";

/**
 * A part of the configuration that is kept in the database: written with its placeholders, and read with their values
 * by the process that uses it. Data of plain objects, lists and texts.
 */
export function sealed<T>(value: T): T {
  const known = plainConfidential();
  return eachText(value, (text) =>
    known.reduce((kept, { value: plain, shown }) => kept.replaceAll(plain, () => shown), text),
  ) as T;
}

const PLACEHOLDER = /\$\{(?:env|secret):[A-Za-z_][A-Za-z0-9_-]*\}/g;

/** @throws PRECONDITION for a placeholder that the configuration of this process no longer has */
export function unsealed<T>(value: T): T {
  const values = new Map(plainConfidential().map(({ value: plain, shown }) => [shown, plain]));
  return eachText(value, (text) =>
    text.replace(PLACEHOLDER, (whole) => {
      const plain = values.get(whole);
      if (plain !== undefined) return plain;
      throw new AppError(
        "PRECONDITION",
        `${whole} was in the configuration when this was asked for and is not any more. Ask for it anew.`,
      );
    }),
  ) as T;
}

function eachText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => eachText(item, change));
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, eachText(item, change)]));
}
