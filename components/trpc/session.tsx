"use client";

import { createContext, type ReactNode, useContext } from "react";
import type { RouterOutputs } from "./client.tsx";

export type Me = RouterOutputs["session"]["me"];

/** What the console knows before its first read. */
export interface Start {
  me: Me;
  /** as configured, in order */
  environments: readonly string[];
  /** those of them where what happens, happens to customers */
  productionEnvironments: readonly string[];
  /** the built-in shop runs because no configuration was given */
  sample: boolean;
}

const StartContext = createContext<Start | null>(null);

export const SessionProvider = ({ start, children }: { start: Start; children: ReactNode }) => (
  <StartContext value={start}>{children}</StartContext>
);

/** Only below the console's layout. */
export function useStart(): Start {
  const start = useContext(StartContext);
  if (!start) throw new Error("The session is used outside of the console's layout");
  return start;
}

/** Who is signed in. */
export const useMe = (): Me => useStart().me;

/** Whether to offer an action; the server checks again. */
export const useCan = (permission: Me["permissions"][number]): boolean => useMe().permissions.includes(permission);
