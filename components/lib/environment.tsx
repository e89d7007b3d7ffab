"use client";

import { useSearchParams } from "next/navigation";
import { createContext, type ReactNode, use, useMemo } from "react";

/** `path` with the environment in its query, unless it names one itself. */
export function withEnvironment(path: string, environment: string | null): string {
  if (!environment || /[?&]env=/.test(path)) return path;
  return `${path}${path.includes("?") ? "&" : "?"}env=${encodeURIComponent(environment)}`;
}

interface EnvironmentChoice {
  /** null means all of them */
  environment: string | null;
  setEnvironment: (to: string | null) => void;
  /** keeps the environment in a path */
  link: (path: string) => string;
  /** whether what happens there happens to customers */
  isProduction: (environment: string | null) => boolean;
}

const Choice = createContext<EnvironmentChoice | null>(null);

/** A person's choice of an environment: a new entry of the history, beside whatever else the URL says. */
function chooseEnvironment(to: string | null): void {
  const query = new URLSearchParams(window.location.search);
  if (to) query.set("env", to);
  else query.delete("env");
  const text = query.toString();
  window.history.pushState(null, "", `${window.location.pathname}${text ? `?${text}` : ""}${window.location.hash}`);
}

/**
 * Reads `?env=` once for all: hundreds of links on a page would each listen to the URL. It comes from the router in the
 * same commit as the page: a copy of it, brought up to date by an effect, would still be that of the page before.
 */
export function EnvironmentProvider({ production, children }: { production: readonly string[]; children: ReactNode }) {
  const environment = useSearchParams().get("env") || null;
  const choice = useMemo(
    (): EnvironmentChoice => ({
      environment,
      setEnvironment: chooseEnvironment,
      link: (path) => withEnvironment(path, environment),
      isProduction: (name) => name !== null && production.includes(name),
    }),
    [environment, production],
  );
  return <Choice value={choice}>{children}</Choice>;
}

/** The environment of the whole console, `?env=`. */
export function useEnvironment(): EnvironmentChoice {
  const choice = use(Choice);
  if (!choice) throw new Error("useEnvironment needs the console's EnvironmentProvider around it");
  return choice;
}
