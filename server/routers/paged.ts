import { createHmac, timingSafeEqual } from "node:crypto";
import { AppError } from "../agent/kernel/errors.ts";

/**
 * Cursors as callers see them: `<seal>.<position>`. The seal binds the position to one list under one set of filters,
 * so that a cursor of another list, of other filters or of nobody's making is refused before a query is made of it.
 */

const SEAL_LENGTH = 12;
/** what may differ between two pages of one list; `direction` is what tRPC's own client adds */
const NOT_FILTERS = new Set(["cursor", "limit", "offset", "direction"]);

type Input = Readonly<Record<string, unknown>>;

const stable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(stable);
  if (!value || typeof value !== "object" || value instanceof Date) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, stable(item)]));
};

function sealOf(list: string, filters: Input, position: string): string {
  const kept = Object.fromEntries(Object.entries(filters).filter(([key]) => !NOT_FILTERS.has(key)));
  const text = JSON.stringify([list, stable(kept), position]);
  const key = process.env.OPERATE_SECRET_KEY ?? "operate";
  return createHmac("sha256", key).update(text).digest("base64url").slice(0, SEAL_LENGTH);
}

/** A position of a list as the cursor its caller gets. */
export const sealCursor = (list: string, filters: Input, position: string): string =>
  `${sealOf(list, filters, position)}.${Buffer.from(position, "utf8").toString("base64url")}`;

/** The position in a cursor. @throws INVALID when it is not of this list under these filters. */
export function openCursor(list: string, filters: Input, cursor: string): string {
  const [, seal = "", packed = ""] = /^([\w-]{12})\.([\w-]+)$/.exec(cursor) ?? [];
  const position = Buffer.from(packed, "base64url").toString("utf8");
  const right = Buffer.from(sealOf(list, filters, position));
  const given = Buffer.from(seal);
  if (given.length === right.length && timingSafeEqual(given, right)) return position;
  throw new AppError(
    "INVALID",
    "cursor: it is not one of this list under these filters. Repeat the filters of the page before, or begin without a cursor.",
    { details: { field: "cursor" } },
  );
}
