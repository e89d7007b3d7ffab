"use client";

import dynamic from "next/dynamic";
import { type ReactNode, useRef } from "react";
import { cn } from "../lib/cn.ts";

export interface SurfaceProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** one line under the title; what this is about */
  description?: ReactNode;
  children: ReactNode;
  className?: string | undefined;
}

const LazyDialog = dynamic(() => import("./dialog-surface.tsx").then((module) => module.DialogSurface), { ssr: false });
const LazyDrawer = dynamic(() => import("./dialog-surface.tsx").then((module) => module.DrawerSurface), { ssr: false });

/** Nothing is loaded before the first opening. */
function useOpened(open: boolean): boolean {
  const opened = useRef(false);
  if (open) opened.current = true;
  return opened.current;
}

/** A window in the middle; full width on a phone. Esc leaves; focus returns to what opened it. */
export const Dialog = (props: SurfaceProps) => (useOpened(props.open) ? <LazyDialog {...props} /> : null);

/** A panel from the right, for what is read beside the page: a log tail, one entry's detail. */
export const Drawer = (props: SurfaceProps) => (useOpened(props.open) ? <LazyDrawer {...props} /> : null);

/** Body and action row of a dialog that asks something. */
export const DialogBody = ({ children, className }: { children: ReactNode; className?: string }) => (
  <div className={cn("flex flex-col gap-4 p-4", className)}>{children}</div>
);

/** `last`: on a narrow screen it stands below what is to be read first, instead of over it. */
export const DialogActions = ({ children, last }: { children: ReactNode; last?: boolean }) => (
  <div
    className={cn(
      "bottom-0 flex flex-wrap items-center justify-end gap-2 border-t bg-surface px-4 py-3",
      last ? "lg:sticky" : "sticky",
    )}
  >
    {children}
  </div>
);
