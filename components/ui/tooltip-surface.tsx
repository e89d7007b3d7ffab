"use client";

import { Tooltip as Radix } from "radix-ui";
import type { TooltipProps } from "./tooltip.tsx";

/** The tooltip itself; `tooltip.tsx` loads it apart from the page's first scripts. */
export const TooltipSurface = ({ content, children, side = "top" }: TooltipProps) => (
  <Radix.Provider delayDuration={250}>
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-w-80 animate-appear rounded-md border border-line-strong bg-surface px-2 py-1 text-ink text-xs"
        >
          {content}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  </Radix.Provider>
);
