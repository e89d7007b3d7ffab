"use client";

import { useCallback } from "react";
import { Mark } from "../../feedback/mark.tsx";
import { Section } from "../../layout/page.tsx";
import { formatCount, plural } from "../../lib/format.ts";
import { describeError } from "../../trpc/error-description.ts";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { LineList } from "../lines/line-list.tsx";
import { type LinesProps, LinesToolbar } from "../lines/lines-toolbar.tsx";
import { TAIL_MOST } from "./tail-buffer.ts";
import { useTail } from "./use-tail.ts";

/** The newest lines as they come, the newest last; the view follows while it is at the end. */
export function TailLines({ scope, look, detail, onWrap, onTail, filtered }: LinesProps) {
  const tail = useTail(scope);
  const { lines, dropped } = tail.buffer;
  const rowAt = useCallback((row: number) => lines[row] ?? null, [lines]);
  return (
    <Section
      title="Live tail"
      note={
        <span className="flex flex-wrap items-center gap-x-3">
          {tail.error ? (
            <Mark tone="warning">{describeError(tail.error).message}</Mark>
          ) : (
            <span>{plural(lines.length, "line")}, newest last</span>
          )}
          {dropped > 0 ? (
            <span>
              the oldest {formatCount(dropped)} were let go: {formatCount(TAIL_MOST)} are kept
            </span>
          ) : null}
          {tail.skipped ? <Mark tone="warning">too many at once: some are not shown. Filter to see all.</Mark> : null}
        </span>
      }
      actions={
        <LinesToolbar look={look} onWrap={onWrap} onTail={onTail} tailing lines={() => lines} count={lines.length} />
      }
    >
      {lines.length > 0 ? (
        <LineList
          label="Live tail, newest last"
          count={lines.length}
          lineAt={rowAt}
          version={lines}
          look={look}
          detail={detail}
          follow
        />
      ) : (
        <div className="h-[calc(100dvh-22rem)] min-h-96 overflow-hidden">
          {tail.started ? (
            <p className="px-4 py-6 text-ink-2 text-sm">
              Waiting for lines{filtered ? " that match" : ""}. They appear here within two seconds.
            </p>
          ) : (
            <SkeletonRows rows={24} rowClassName="h-6" />
          )}
        </div>
      )}
    </Section>
  );
}
