import { piecesOf } from "../lines/safe-text.ts";

const LONGEST = 400;
const WILDCARD = "<*>";

/** A pattern's text: what varies as a quiet chip, the rest as safe as any line. */
export function Template({ text }: { text: string }) {
  const parts = text.split(WILDCARD);
  const { pieces: all } = piecesOf(text, { mark: null, oneLine: true, longest: LONGEST });
  const cut = all.reduce((length, piece) => length + piece.text.length, 0) < text.length;
  let left = LONGEST;
  return (
    <bdi dir="ltr" className="num break-words text-sm">
      {parts.map((part, index) => {
        if (left <= 0) return null;
        const { pieces } = piecesOf(part, { mark: null, oneLine: true, longest: left });
        left -= part.length + WILDCARD.length;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
          <span key={index}>
            {index > 0 ? <Wildcard /> : null}
            {pieces.map((piece) => piece.text).join("")}
          </span>
        );
      })}
      {cut ? "…" : null}
    </bdi>
  );
}

const Wildcard = () => (
  <span className="mx-px rounded-sm bg-sunken px-1 text-ink-3" title="varies">
    <span aria-hidden="true">∗</span>
    <span className="sr-only">(varies)</span>
  </span>
);
