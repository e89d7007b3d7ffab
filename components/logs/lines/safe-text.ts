import { onOneLine, signOf, UNSEEN, withoutAnsi } from "#server/agent/text/visible-text.ts";

/** Makes any line safe to look at: nothing in it can hide, reorder or stretch what stands around it. */

export interface Piece {
  /** text: as it is · mark: found by the query · sign: stands for a character that cannot be seen */
  kind: "text" | "mark" | "sign";
  text: string;
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Words to mark as one expression; null when there are none. */
export function markExpression(words: readonly string[]): RegExp | null {
  const parts = words.filter(Boolean).map((word) => word.split("*").map(escapeRegExp).join(".*?"));
  return parts.length > 0 ? new RegExp(parts.sort((a, b) => b.length - a.length).join("|"), "giu") : null;
}

function marked(text: string, mark: RegExp | null): Piece[] {
  if (!mark) return text ? [{ kind: "text", text }] : [];
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(mark)) {
    if (found[0].length === 0) continue;
    if (found.index > from) pieces.push({ kind: "text", text: text.slice(from, found.index) });
    pieces.push({ kind: "mark", text: found[0] });
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push({ kind: "text", text: text.slice(from) });
  return pieces;
}

/**
 * A body in pieces. `oneLine` also gives line ends and tabs a sign. At most `longest` characters; `left` counts the
 * characters beyond.
 */
export function piecesOf(
  body: string,
  { mark, oneLine, longest }: { mark: RegExp | null; oneLine: boolean; longest: number },
): { pieces: Piece[]; left: number } {
  const clean = withoutAnsi(body);
  const cut = clean.length > longest ? clean.slice(0, longest).replace(/[\ud800-\udbff]$/, "") : clean;
  const text = oneLine ? onOneLine(cut) : cut.replace(/\r\n/g, "\n");
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    pieces.push(...marked(text.slice(from, found.index), mark), { kind: "sign", text: signOf(found[0]) });
    from = found.index + found[0].length;
  }
  pieces.push(...marked(text.slice(from), mark));
  return { pieces, left: clean.length - cut.length };
}
