"use client";

import dynamic from "next/dynamic";
import { type ReactNode, useRef } from "react";
import { cn } from "../lib/cn.ts";
import { useOpener } from "./opener.ts";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** one line under the title; what this is about */
  description?: ReactNode;
  children: ReactNode;
  className?: string | undefined;
}

export interface SurfaceProps extends DialogProps {
  /** what had the focus when it began to open */
  opener: Element | null;
}

const LazyDialog = dynamic(() => import("./dialog-surface.tsx").then((module) => module.DialogSurface), { ssr: false });
const LazyDrawer = dynamic(() => import("./dialog-surface.tsx").then((module) => module.DrawerSurface), { ssr: false });

/** Nothing is loaded before the first opening. */
function useOpened(open: boolean): { opened: boolean; opener: Element | null } {
  const opened = useRef(false);
  const opener = useOpener(open);
  if (open) opened.current = true;
  return { opened: opened.current, opener };
}

/** A window in the middle; full width on a phone. Esc leaves; focus returns to what opened it. */
export function Dialog(props: DialogProps) {
  const { opened, opener } = useOpened(props.open);
  return opened ? <LazyDialog {...props} opener={opener} /> : null;
}

/** A panel from the right, for what is read beside the page: a log tail, one entry's detail. */
export function Drawer(props: DialogProps) {
  const { opened, opener } = useOpened(props.open);
  return opened ? <LazyDrawer {...props} opener={opener} /> : null;
}

/** What is asked, which scrolls, over the row of actions, which does not: consent is never out of sight. */
export const DialogBody = ({ children, className }: { children: ReactNode; className?: string }) => (
  <div className={cn("flex min-h-0 flex-col gap-4 overflow-y-auto p-4 *:shrink-0", className)}>{children}</div>
);

export const DialogActions = ({ children }: { children: ReactNode }) => (
  <div className="flex shrink-0 flex-wrap items-center justify-end gap-2 border-t bg-surface px-4 py-3">{children}</div>
);
