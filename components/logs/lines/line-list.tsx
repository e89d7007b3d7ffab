"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import { plural } from "../../lib/format.ts";
import { useShortcuts } from "../../lib/shortcuts.ts";
import { Button } from "../../ui/button.tsx";
import { useFollowEnd } from "../tail/use-follow-end.ts";
import { type LineLook, LineRow } from "./line-row.tsx";

const ROW_PX = 24;
const OVERSCAN = 12;

interface LineListProps {
  label: string;
  count: number;
  /** null while it is being read again */
  lineAt: (row: number) => LogLineView | null;
  /** changes with every change of the lines */
  version: unknown;
  look: LineLook;
  detail: (line: LogLineView) => ReactNode;
  /** rows that are looked at; the last may be one that does not exist yet */
  onSeen?: (first: number, last: number) => void;
  /** the newest line stands last and is followed */
  follow?: boolean;
  /** below the last line: what comes, or that this is all */
  foot?: ReactNode;
}

/** Any number of lines; only those in view are in the page. j, k and the arrows move, Enter opens. */
export function LineList({ label, count, lineAt, version, look, detail, onSeen, follow = false, foot }: LineListProps) {
  const box = useRef<HTMLDivElement>(null);
  const [openId, setOpen] = useState<string | null>(null);
  const [active, setActive] = useState<number | null>(null);
  // rows of a search never move, and a key of their own would be asked for all of 100,000 with every page
  const idOf = useCallback((row: number) => lineAt(row)?.id ?? `row ${row}`, [lineAt]);
  const keyOf = follow ? idOf : String;
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    getItemKey: keyOf,
    overscan: OVERSCAN,
    useFlushSync: false,
  });
  const followed = useFollowEnd({ virtualizer, version, count, keyOf }, follow);
  /** Lines that were opened: only these, and wrapped ones, have a height that has to be measured. */
  const opened = useRef(new Set<string>());
  const onToggle = useCallback((line: LogLineView) => {
    opened.current.add(line.id);
    setOpen((before) => (before === line.id ? null : line.id));
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights of the other way are of no use
  useEffect(() => virtualizer.measure(), [virtualizer, look.wrap]);
  const items = virtualizer.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => {
    onSeen?.(first, last);
  }, [onSeen, first, last]);

  const move = (step: number) => {
    const next = Math.min(count - 1, Math.max(0, active === null ? first : active + step));
    virtualizer.scrollToIndex(next);
    setActive(next);
  };
  useShortcuts([
    { keys: "j", label: "Next line", group: "List", run: () => move(1) },
    { keys: "k", label: "Line before", group: "List", run: () => move(-1) },
  ]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || !(event.target instanceof Element && event.target.closest("[data-line]"))) return;
    event.preventDefault();
    move(step);
  };

  return (
    <div className="relative">
      <section
        ref={box}
        aria-label={label}
        onScroll={followed.onScroll}
        onKeyDown={onKeyDown}
        className="h-[calc(100dvh-22rem)] min-h-96 overflow-y-auto [overflow-anchor:none]"
      >
        <ul style={{ height: virtualizer.getTotalSize() }} className="relative" aria-label={label}>
          {items.map((item) => {
            const line = lineAt(item.index);
            return (
              <li
                key={item.key}
                ref={look.wrap || (line && opened.current.has(line.id)) ? virtualizer.measureElement : null}
                data-index={item.index}
                data-line=""
                aria-posinset={item.index + 1}
                aria-setsize={count}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {line ? (
                  <>
                    <LineRow
                      line={line}
                      look={look}
                      open={line.id === openId}
                      onToggle={onToggle}
                      active={item.index === active}
                    />
                    {line.id === openId ? detail(line) : null}
                  </>
                ) : (
                  <span className="block h-6 px-9 text-ink-3 text-xs leading-6">…</span>
                )}
              </li>
            );
          })}
        </ul>
        {foot}
      </section>
      {followed.fresh > 0 ? (
        <div className="sticky bottom-20 z-10 flex h-0 items-end justify-center md:bottom-4">
          <Button variant="primary" size="sm" onClick={followed.toEnd} className="mb-3">
            <ArrowDown /> {plural(followed.fresh, "new line")}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
