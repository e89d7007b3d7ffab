import { AppError } from "../../agent/kernel/errors.ts";
import type { LokiClient, LokiLine } from "./client.ts";
import { idOf } from "./mapper.ts";

/**
 * Pages through lines by their instants. Loki cuts at a number of lines, also in the middle of those of one instant,
 * and promises no order among them: a page therefore ends between two instants, or inside of one that is larger than
 * a page and is then read as a whole and put into an order of ours.
 */

/** Loki's default for max_entries_limit_per_query */
const MOST_LINES = 5_000;

interface Position {
  /** the window's edge from which to go on: its start when forward, else its (exclusive) end */
  edgeNs: bigint;
  /** lines of the instant next to the edge that were given already */
  skip: number;
}

export interface LinePage {
  lines: LokiLine[];
  next: string | null;
}

interface PageQuery {
  logql: string;
  fromNs: bigint;
  toNs: bigint;
  limit: number;
  forward: boolean;
  cursor: string | undefined;
}

/** @throws INVALID for a cursor that is not of a page before */
export async function readPage(client: LokiClient, query: PageQuery, signal?: AbortSignal): Promise<LinePage> {
  const { logql, forward } = query;
  const limit = Math.min(query.limit, MOST_LINES - 1);
  const { edgeNs, skip } = positionOf(query);
  const [fromNs, toNs] = forward ? [edgeNs, query.toNs] : [query.fromNs, edgeNs];
  if (fromNs >= toNs) return { lines: [], next: null };
  const inOrder = (lines: LokiLine[]): LokiLine[] => ordered(lines, forward);

  if (skip === 0) {
    const found = inOrder(await client.lines({ logql, fromNs, toNs, limit: limit + 1, forward }, signal));
    const last = found.at(-1);
    if (found.length <= limit || !last) return { lines: found, next: null };
    const whole = found.filter(({ ns }) => ns !== last.ns);
    if (whole.length > 0) return { lines: whole, next: cursorOf(before(last.ns, forward), 0) };
  }
  const first =
    skip === 0 ? await firstNs(client, { logql, fromNs, toNs, forward }, signal) : instantAt(edgeNs, forward);
  if (first === null) return { lines: [], next: null };
  const group = inOrder(
    await client.lines({ logql, fromNs: first, toNs: first + 1n, limit: MOST_LINES, forward }, signal),
  );
  const rest = group.slice(skip, skip + limit);
  const done = skip + rest.length;
  return {
    lines: rest,
    next: done < group.length ? cursorOf(before(first, forward), done) : cursorOf(after(first, forward), 0),
  };
}

async function firstNs(
  client: LokiClient,
  query: { logql: string; fromNs: bigint; toNs: bigint; forward: boolean },
  signal?: AbortSignal,
): Promise<bigint | null> {
  return (await client.lines({ ...query, limit: 1 }, signal))[0]?.ns ?? null;
}

/** the edge that has an instant still to come, the instant next to an edge, and the edge that has it behind */
const before = (ns: bigint, forward: boolean): bigint => (forward ? ns : ns + 1n);
const instantAt = (edgeNs: bigint, forward: boolean): bigint => (forward ? edgeNs : edgeNs - 1n);
const after = (ns: bigint, forward: boolean): bigint => (forward ? ns + 1n : ns);

const ordered = (lines: LokiLine[], forward: boolean): LokiLine[] => {
  const keyed = lines.map((line) => ({ line, id: idOf(line) }));
  const sign = forward ? 1 : -1;
  keyed.sort((a, b) => {
    if (a.line.ns !== b.line.ns) return a.line.ns < b.line.ns ? -sign : sign;
    return a.id < b.id ? -sign : sign;
  });
  return keyed.map(({ line }) => line);
};

const cursorOf = (edgeNs: bigint, skip: number): string => `${edgeNs}.${skip}`;

function positionOf({ cursor, forward, fromNs, toNs }: PageQuery): Position {
  if (cursor === undefined) return { edgeNs: forward ? fromNs : toNs, skip: 0 };
  const parts = /^(\d{1,20})\.(\d{1,6})$/.exec(cursor);
  if (!parts?.[1]) throw new AppError("INVALID", "The cursor is not one of Loki's pages. Begin without a cursor.");
  return { edgeNs: BigInt(parts[1]), skip: Number(parts[2]) };
}
