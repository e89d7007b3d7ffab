"use client";

import { createContext, type ReactNode, useContext } from "react";
import type { RouterOutputs } from "./client.tsx";

export type Me = RouterOutputs["session"]["me"];

const SessionContext = createContext<Me | null>(null);

export const SessionProvider = ({ me, children }: { me: Me; children: ReactNode }) => (
  <SessionContext value={me}>{children}</SessionContext>
);

/** Who is signed in. Only below the console's layout. */
export function useMe(): Me {
  const me = useContext(SessionContext);
  if (!me) throw new Error("useMe is used outside of the console's layout");
  return me;
}

/** Whether to offer an action; the server checks again. */
export const useCan = (permission: Me["permissions"][number]): boolean => useMe().permissions.includes(permission);
