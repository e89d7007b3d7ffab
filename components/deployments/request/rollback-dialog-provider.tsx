"use client";

import dynamic from "next/dynamic";
import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

/** What is gone back from; the version is chosen in the dialog. */
export interface RollbackRequest {
  service: string;
  environment: string;
}

const RollbackDialog = dynamic(() => import("./rollback-dialog.tsx").then((module) => module.RollbackDialog), {
  ssr: false,
});
const RollbackContext = createContext<(request: RollbackRequest) => void>(() => {});

/** Opens the rollback dialog from anywhere: `const rollback = useRollback(); rollback({ service, environment })`. */
export const useRollback = () => useContext(RollbackContext);

export function RollbackDialogProvider({ children }: { children: ReactNode }) {
  const [request, setRequest] = useState<RollbackRequest | null>(null);
  const [open, setOpen] = useState(false);
  const [opening, setOpening] = useState(0);
  const rollback = useCallback((next: RollbackRequest) => {
    setRequest(next);
    setOpening((count) => count + 1);
    setOpen(true);
  }, []);
  return (
    <RollbackContext value={rollback}>
      {children}
      {request ? <RollbackDialog key={opening} request={request} open={open} onOpenChange={setOpen} /> : null}
    </RollbackContext>
  );
}
