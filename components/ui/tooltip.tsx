"use client";

import dynamic from "next/dynamic";
import type { ReactNode } from "react";

export interface TooltipProps {
  content: ReactNode;
  /** one element that can be focused */
  children: ReactNode;
  side?: "top" | "right" | "bottom" | "left";
}

/** Says more about something that can be focused; never the only place of a fact. */
export const Tooltip = dynamic(() => import("./tooltip-surface.tsx").then((module) => module.TooltipSurface));
