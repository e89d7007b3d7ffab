"use client";

import dynamic from "next/dynamic";
import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

/** What is already known when the dialog opens; the rest is asked. */
export interface DeployRequest {
  service?: string;
  environment?: string;
  version?: string;
}

const DeployDialog = dynamic(() => import("./deploy-dialog.tsx").then((module) => module.DeployDialog), { ssr: false });
const DeployContext = createContext<(request: DeployRequest) => void>(() => {});

/** Opens the deploy dialog from anywhere: `const deploy = useDeploy(); deploy({ service, environment, version })`. */
export const useDeploy = () => useContext(DeployContext);

export function DeployDialogProvider({ children }: { children: ReactNode }) {
  const [request, setRequest] = useState<DeployRequest | null>(null);
  const [open, setOpen] = useState(false);
  const [opening, setOpening] = useState(0);
  const deploy = useCallback((next: DeployRequest) => {
    setRequest(next);
    setOpening((count) => count + 1);
    setOpen(true);
  }, []);
  return (
    <DeployContext value={deploy}>
      {children}
      {request ? <DeployDialog key={opening} request={request} open={open} onOpenChange={setOpen} /> : null}
    </DeployContext>
  );
}
