import { piecesOf } from "./safe-text.ts";

const LONGEST = 600;

/** A text from outside as one line of words: whatever cannot be seen in it is written out, and it is not endless. */
export function plainText(text: string, longest = LONGEST): string {
  const { pieces, left } = piecesOf(text, { mark: null, oneLine: true, longest });
  return pieces.map((piece) => piece.text).join("") + (left > 0 ? "…" : "");
}
