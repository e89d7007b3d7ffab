"use client";

import { parseAsBoolean, parseAsFloat, parseAsString, useQueryStates } from "nuqs";
import { useMemo } from "react";
import { useEnvironment } from "../lib/environment.tsx";
import { scopeOf } from "./trace-scope.ts";

const PARAMETERS = {
  service: parseAsString,
  operation: parseAsString,
  version: parseAsString,
  min: parseAsFloat,
  max: parseAsFloat,
  errors: parseAsBoolean.withDefault(false),
};

/** What the list shows, kept in its URL; each change can be undone by the back button. */
export function useTraceView() {
  const { environment } = useEnvironment();
  const [view, setView] = useQueryStates(PARAMETERS, { history: "push" });
  const scope = useMemo(() => scopeOf({ ...view, environment }), [view, environment]);
  return { view, scope, setView: (change: Partial<typeof view>) => void setView(change) };
}

export type TraceView = ReturnType<typeof useTraceView>;
