"use client";

import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useMemo } from "react";
import { useEnvironment } from "../lib/environment.tsx";
import { LEVELS, scopeOf, TABS } from "./log-scope.ts";

const PARAMETERS = {
  query: parseAsString.withDefault(""),
  service: parseAsString,
  level: parseAsStringLiteral(LEVELS),
  tab: parseAsStringLiteral(TABS).withDefault("patterns"),
  tail: parseAsBoolean.withDefault(false),
};

/** What the page shows, kept in its URL; each change can be undone by the back button. */
export function useLogView() {
  const { environment } = useEnvironment();
  const [view, setView] = useQueryStates(PARAMETERS, { history: "push" });
  const { query, service, level } = view;
  const scope = useMemo(() => scopeOf({ query, service, level, environment }), [query, service, level, environment]);
  return { view, scope, setView: (change: Partial<typeof view>) => void setView(change) };
}

export type LogView = ReturnType<typeof useLogView>;
