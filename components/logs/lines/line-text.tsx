import { useMemo } from "react";
import { cn } from "../../lib/cn.ts";
import { formatCount } from "../../lib/format.ts";
import { type Piece, piecesOf } from "./safe-text.ts";

interface LineTextProps {
  body: string;
  /** what the search found; see markExpression */
  mark: RegExp | null;
  /** false: one line, cut at the edge */
  wrap: boolean;
  /** characters shown at most */
  longest: number;
}

/** A line's body as text and nothing else: isolated in its direction, every unseen character shown. */
export function LineText({ body, mark, wrap, longest }: LineTextProps) {
  const { pieces, left } = useMemo(
    () => piecesOf(body, { mark, oneLine: !wrap, longest }),
    [body, mark, wrap, longest],
  );
  return (
    <bdi
      dir="ltr"
      className={cn("num", wrap ? "whitespace-pre-wrap break-words [overflow-wrap:anywhere]" : "whitespace-pre")}
    >
      {pieces.map((piece, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move
        piece.kind === "text" ? piece.text : <Special key={index} piece={piece} />,
      )}
      {left > 0 ? <span className="text-ink-3"> … {formatCount(left)} more characters</span> : null}
    </bdi>
  );
}

const Special = ({ piece }: { piece: Piece }) =>
  piece.kind === "mark" ? (
    <mark className="rounded-sm bg-warning-soft text-ink underline decoration-warning">{piece.text}</mark>
  ) : (
    <span title="a character that cannot be seen" className="mx-px rounded-sm border px-0.5 text-ink-3">
      {piece.text}
    </span>
  );
