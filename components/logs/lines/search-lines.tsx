"use client";

import { RefreshCw } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { ErrorPanel } from "../../feedback/error-panel.tsx";
import { LongRead } from "../../feedback/long-read.tsx";
import { SourceNote } from "../../feedback/source-note.tsx";
import { Time } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { Section } from "../../layout/page.tsx";
import { plural } from "../../lib/format.ts";
import { useTimeRange } from "../../time-range/time-range.tsx";
import { describeError } from "../../trpc/error-description.ts";
import { Button } from "../../ui/button.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { LineList } from "./line-list.tsx";
import { lineAt } from "./line-pages.ts";
import { type LinesProps, LinesToolbar } from "./lines-toolbar.tsx";
import { NoLines } from "./no-lines.tsx";
import { useLineReader } from "./use-line-reader.ts";

/**
 * The lines of the range, newest first. Its window stands still, so that nothing moves under the reader; "Newest" reads
 * it again up to now.
 */
export function SearchLines({ scope, look, detail, onWrap, onTail, filtered }: LinesProps) {
  const { range, from, to, relative } = useTimeRange();
  const [held, setHeld] = useState({ range, from, to });
  if (held.range !== range) setHeld({ range, from, to });
  const { reader, state } = useLineReader(scope, held);
  const { pages, matched, error } = state;
  const rowAt = useCallback((row: number) => lineAt(pages, row), [pages]);
  const onSeen = useCallback((first: number, last: number) => void reader.see(first, last), [reader]);
  const present = useMemo(() => pages.pages.flatMap((page) => page.lines ?? []), [pages]);
  const failed = error ? describeError(error) : null;
  const empty = pages.ended && pages.count === 0;

  return (
    <Section
      title="Lines"
      note={
        <span className="flex flex-wrap items-center gap-x-3">
          {pages.count > 0 ? <span>{countWords(pages.count, matched, pages.ended)}, newest first</span> : null}
          {state.source ? <SourceNote source={state.source} /> : null}
        </span>
      }
      actions={
        <LinesToolbar
          look={look}
          onWrap={onWrap}
          onTail={onTail}
          tailing={false}
          lines={() => present}
          count={present.length}
        >
          <LongRead active={state.reading} doing="Reading lines" onCancel={reader.stop} />
          {relative ? (
            <Button size="sm" onClick={() => setHeld({ range, from, to })} disabled={held.to === to}>
              <RefreshCw /> <span className="max-sm:sr-only">Newest</span>
              <span className="sr-only"> lines; these are up to </span>
              <Time at={held.to.toISOString()} className="text-ink-3 text-xs max-sm:sr-only" />
            </Button>
          ) : null}
        </LinesToolbar>
      }
    >
      {failed && pages.count === 0 ? (
        <ErrorPanel
          title="The lines could not be read"
          message={failed.message}
          requestId={failed.requestId}
          onRetry={() => void reader.again()}
          retrying={state.reading}
        />
      ) : empty ? (
        <NoLines filtered={filtered} />
      ) : pages.count === 0 && state.stopped ? (
        <Stopped onAgain={() => void reader.again()} />
      ) : pages.count === 0 && !pages.ended ? (
        <div className="h-[calc(100dvh-22rem)] min-h-96 overflow-hidden" aria-busy="true">
          <span className="sr-only">Reading lines</span>
          <SkeletonRows rows={24} rowClassName="h-6" />
        </div>
      ) : (
        <LineList
          label="Lines, newest first"
          count={pages.count}
          lineAt={rowAt}
          version={pages}
          look={look}
          detail={detail}
          onSeen={onSeen}
          foot={<Foot state={state} message={failed?.message ?? null} onAgain={() => void reader.again()} />}
        />
      )}
    </Section>
  );
}

function countWords(read: number, matched: number | null, ended: boolean): string {
  if (matched !== null) return plural(matched, "line");
  return ended ? plural(read, "line") : `${plural(read, "line")} so far`;
}

const Stopped = ({ onAgain }: { onAgain: () => void }) => (
  <div className="flex flex-col items-start gap-2 px-4 py-6 text-sm">
    <p>You stopped reading the lines.</p>
    <Button size="sm" onClick={onAgain}>
      Read again
    </Button>
  </div>
);

const Foot = ({
  state,
  message,
  onAgain,
}: {
  state: ReturnType<typeof useLineReader>["state"];
  message: string | null;
  onAgain: () => void;
}) => (
  <div className="flex min-h-9 items-center gap-3 px-3 text-ink-3 text-xs">
    {message ? (
      <>
        <span role="alert" className="text-critical">
          <VisibleText text={message} />
        </span>
        <Button size="sm" onClick={onAgain}>
          Try again
        </Button>
      </>
    ) : state.stopped ? (
      <Button size="sm" onClick={onAgain}>
        Read on
      </Button>
    ) : state.pages.ended ? (
      "These are all lines of the range."
    ) : (
      "Reading older lines…"
    )}
  </div>
);
