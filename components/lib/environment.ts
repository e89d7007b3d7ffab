"use client";

import { parseAsString, useQueryState } from "nuqs";
import { useCallback } from "react";

/** Names that mean: what happens here happens to customers. */
export const isProduction = (environment: string): boolean => /^(prod|production|live)(-|$)/.test(environment);

/** `path` with the environment in its query, unless it names one itself. */
export function withEnvironment(path: string, environment: string | null): string {
  if (!environment || /[?&]env=/.test(path)) return path;
  return `${path}${path.includes("?") ? "&" : "?"}env=${encodeURIComponent(environment)}`;
}

/** The environment of the whole console, `?env=`; null means all of them. `link` keeps it in a path. */
export function useEnvironment() {
  const [environment, setEnvironment] = useQueryState("env", parseAsString.withOptions({ history: "push" }));
  const link = useCallback((path: string) => withEnvironment(path, environment), [environment]);
  return { environment, setEnvironment, link };
}
