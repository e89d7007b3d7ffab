"use client";

import { parseAsBoolean, parseAsString, useQueryState } from "nuqs";
import { type KeyboardEvent, useMemo, useState } from "react";
import type { SpanView } from "#server/agent/traces/schema.ts";
import { useShortcuts } from "../../lib/shortcuts.ts";
import { nextFailed, spanRows, treeMove } from "../prepare/waterfall-rows.ts";

/** Which spans are shown and which one is chosen; the choice is kept in the URL. */
export function useWaterfall(spans: readonly SpanView[]) {
  const [chosen, setChosen] = useQueryState("span", parseAsString);
  const [onlyCritical, setOnlyCritical] = useQueryState("critical", parseAsBoolean.withDefault(false));
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => spanRows(spans, closed, onlyCritical), [spans, closed, onlyCritical]);
  const at = rows.findIndex(({ span }) => span.spanId === chosen);
  const choose = (spanId: string | null) => void setChosen(spanId, { history: "replace" });
  const toggle = (spanId: string) =>
    setClosed((before) => {
      const next = new Set(before);
      if (!next.delete(spanId)) next.add(spanId);
      return next;
    });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = treeMove(rows, at, event.key);
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    if ("toggle" in move) toggle(move.toggle);
    else choose(rows[move.to]?.span.spanId ?? null);
  };
  useShortcuts([
    {
      keys: "e",
      label: "Next span with an error",
      group: "This page",
      run: () => {
        const next = nextFailed(rows, at);
        if (next !== null) choose(rows[next]?.span.spanId ?? null);
      },
    },
  ]);
  const parents = useMemo(
    () => new Set(spans.flatMap(({ parentSpanId }) => (parentSpanId ? [parentSpanId] : []))),
    [spans],
  );
  return {
    ...{ rows, at, choose, toggle, onKeyDown, onlyCritical },
    chosen: spans.find(({ spanId }) => spanId === chosen) ?? null,
    setOnlyCritical: (only: boolean) => void setOnlyCritical(only || null),
    allOpen: closed.size === 0,
    openAll: () => setClosed(new Set()),
    closeAll: () => setClosed(parents),
  };
}

export type WaterfallState = ReturnType<typeof useWaterfall>;
