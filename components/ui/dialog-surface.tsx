"use client";

import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { cn } from "../lib/cn.ts";
import { Button } from "./button.tsx";
import type { SurfaceProps } from "./dialog.tsx";
import { focusOf } from "./dialog-focus.ts";

function Heading({ title, description }: Pick<SurfaceProps, "title" | "description">) {
  return (
    <div className="flex items-start gap-4 border-b px-4 py-3">
      <div className="min-w-0 flex-1">
        <Radix.Title className="truncate font-semibold text-lg">{title}</Radix.Title>
        {description ? (
          <Radix.Description className="mt-0.5 text-ink-2 text-sm">{description}</Radix.Description>
        ) : null}
      </div>
      <Radix.Close asChild>
        <Button variant="ghost" size="icon" aria-label="Close" className="-mr-1.5 -mt-0.5">
          <X />
        </Button>
      </Radix.Close>
    </div>
  );
}

/** A form with a body and actions fits in, and its body scrolls; anything else scrolls as a whole. */
const BODY = "flex min-h-0 flex-1 flex-col overflow-y-auto *:[form]:flex *:[form]:min-h-0 *:[form]:flex-col";

/** A window in the middle; full width on a phone. Esc leaves; focus returns to what opened it. */
export function DialogSurface({ open, onOpenChange, title, description, children, className, opener }: SurfaceProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          {...focusOf(opener)}
          {...(description ? {} : { "aria-describedby": undefined })}
          className={cn(
            "fixed top-[8vh] left-1/2 z-50 flex max-h-[84vh] w-[calc(100vw-1.5rem)] max-w-xl -translate-x-1/2 flex-col",
            "animate-appear overflow-clip rounded-md border border-line-strong bg-surface",
            className,
          )}
        >
          <Heading title={title} description={description} />
          <div className={BODY}>{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A panel from the right, for what is read beside the page: a log tail, one entry's detail. */
export function DrawerSurface({ open, onOpenChange, title, description, children, className, opener }: SurfaceProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          {...focusOf(opener)}
          {...(description ? {} : { "aria-describedby": undefined })}
          className={cn(
            "fixed inset-y-0 right-0 z-50 flex w-full max-w-2xl animate-slide-in flex-col border-line-strong border-l bg-surface",
            className,
          )}
        >
          <Heading title={title} description={description} />
          <div className="min-h-0 flex-1 overflow-auto">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
