"use client";

import { parseAsBoolean, parseAsString, useQueryState } from "nuqs";
import { useMemo } from "react";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import { useTimeRange } from "../../time-range/time-range.tsx";
import { withField, wordsToMark } from "../query/query-edit.ts";
import { TailLines } from "../tail/tail-lines.tsx";
import type { LogView } from "../use-log-view.ts";
import { ContextDrawer } from "./context-drawer.tsx";
import { LineDetail } from "./line-detail.tsx";
import type { LineLook } from "./line-row.tsx";
import { markExpression } from "./safe-text.ts";
import { SearchLines } from "./search-lines.tsx";

const DAY_MS = 86_400_000;

/** Show me the lines: those of the range, or the newest as they come. */
export function LinesTab({ view, scope, setView }: LogView) {
  const { from, to } = useTimeRange();
  const [wrap, setWrap] = useQueryState("wrap", parseAsBoolean.withDefault(false));
  const [contextId, setContext] = useQueryState("context", parseAsString.withOptions({ history: "push" }));
  const long = to.getTime() - from.getTime() > DAY_MS;
  const look = useMemo(
    (): LineLook => ({
      wrap,
      withDay: long && !view.tail,
      withEnvironment: scope.environment === undefined,
      mark: markExpression(wordsToMark(view.query)),
    }),
    [wrap, long, view.tail, view.query, scope.environment],
  );
  const onFilter = (field: string, value: string, negated: boolean) => {
    void setContext(null);
    if (field === "service" && !negated && !view.query.includes("service:")) setView({ service: value });
    else setView({ query: withField(view.query, field, value, negated) });
  };
  const detail = (line: LogLineView) => (
    <LineDetail line={line} mark={look.mark} onFilter={onFilter} onContext={({ id }) => void setContext(id)} />
  );
  const shared = {
    scope,
    look,
    detail,
    onWrap: (next: boolean) => void setWrap(next || null),
    onTail: (tail: boolean) => setView({ tail }),
    filtered: view.query !== "" || view.service !== null || view.level !== null,
  };
  return (
    <>
      {view.tail ? <TailLines {...shared} /> : <SearchLines {...shared} />}
      <ContextDrawer lineId={contextId} look={look} onFilter={onFilter} onClose={() => void setContext(null)} />
    </>
  );
}
