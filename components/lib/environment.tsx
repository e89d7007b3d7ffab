"use client";

import { parseAsString, useQueryState } from "nuqs";
import { createContext, type ReactNode, use, useMemo } from "react";

/** Names that mean: what happens here happens to customers. */
export const isProduction = (environment: string): boolean => /^(prod|production|live)(-|$)/.test(environment);

/** `path` with the environment in its query, unless it names one itself. */
export function withEnvironment(path: string, environment: string | null): string {
  if (!environment || /[?&]env=/.test(path)) return path;
  return `${path}${path.includes("?") ? "&" : "?"}env=${encodeURIComponent(environment)}`;
}

interface EnvironmentChoice {
  /** null means all of them */
  environment: string | null;
  setEnvironment: (to: string | null, options?: { history: "push" | "replace" }) => void;
  /** keeps the environment in a path */
  link: (path: string) => string;
}

const Choice = createContext<EnvironmentChoice | null>(null);

/** Reads `?env=` once for all: hundreds of links on a page would each listen to the URL. */
export function EnvironmentProvider({ children }: { children: ReactNode }) {
  const [environment, setEnvironment] = useQueryState("env", parseAsString.withOptions({ history: "push" }));
  const choice = useMemo(
    (): EnvironmentChoice => ({
      environment,
      setEnvironment: (to, options) => void setEnvironment(to, options),
      link: (path) => withEnvironment(path, environment),
    }),
    [environment, setEnvironment],
  );
  return <Choice value={choice}>{children}</Choice>;
}

/** The environment of the whole console, `?env=`. */
export function useEnvironment(): EnvironmentChoice {
  const choice = use(Choice);
  if (!choice) throw new Error("useEnvironment needs the console's EnvironmentProvider around it");
  return choice;
}
