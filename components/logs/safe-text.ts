/** Makes any line safe to look at: nothing in it can hide, reorder or stretch what stands around it. */

export interface Piece {
  /** text: as it is · mark: found by the query · sign: stands for a character that cannot be seen */
  kind: "text" | "mark" | "sign";
  text: string;
}

/** Colours and cursor movements of terminals (ECMA-48), and links (OSC 8). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const ANSI = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** C0, DEL, C1, line separators, direction (UAX #9), zero width but for the joiners of emoji and scripts, tags. */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

const NAMES: Record<number, string> = {
  127: "␡",
  1564: "ALM",
  8203: "ZWSP",
  8206: "LRM",
  8207: "RLM",
  8232: "LS",
  8233: "PS",
  8234: "LRE",
  8235: "RLE",
  8236: "PDF",
  8237: "LRO",
  8238: "RLO",
  8294: "LRI",
  8295: "RLI",
  8296: "FSI",
  8297: "PDI",
  65279: "BOM",
};

function signOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
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

export const withoutAnsi = (text: string): string => text.replace(ANSI, "");

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
  const text = oneLine ? cut.replace(/\r?\n/g, "↵ ").replaceAll("\t", " ") : cut.replace(/\r\n/g, "\n");
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    pieces.push(...marked(text.slice(from, found.index), mark), { kind: "sign", text: signOf(found[0]) });
    from = found.index + found[0].length;
  }
  pieces.push(...marked(text.slice(from), mark));
  return { pieces, left: clean.length - cut.length };
}
