import type { ReactNode } from "react";
import { cn } from "../lib/cn.ts";
import { PageHydrated } from "../trpc/hydration.tsx";

/** A page's content: its heading row, then sections. Every page of the console starts with it. */
export function Page({
  title,
  meta,
  actions,
  children,
}: {
  title: ReactNode;
  /** beside the title: state, version, environment */
  meta?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="mx-auto flex w-full max-w-[112rem] flex-col gap-4 px-3 py-4 sm:px-4 lg:px-6">
      {/* from lg on the actions keep their place at the top, however much stands beside the title */}
      <div className="flex min-h-8 flex-wrap items-start gap-x-4 gap-y-2 lg:flex-nowrap">
        <div className="flex min-h-8 min-w-0 flex-wrap items-center gap-x-4 gap-y-2 lg:flex-1">
          <h1 className="font-semibold text-xl tracking-tight">{title}</h1>
          {meta ? <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">{meta}</div> : null}
        </div>
        {actions ? (
          <div className="ml-auto flex min-h-8 flex-wrap items-center gap-2 lg:shrink-0 lg:flex-nowrap">{actions}</div>
        ) : null}
      </div>
      {children}
      <PageHydrated />
    </div>
  );
}

/** A bordered surface with its heading; not a card for one number. */
export function Section({
  title,
  note,
  actions,
  children,
  className,
  id,
}: {
  title: ReactNode;
  /** quiet words beside the title: a count, a range */
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  /** for links to it from elsewhere on the page */
  id?: string;
}) {
  return (
    <section id={id} className={cn("min-w-0 scroll-mt-28 rounded-md border bg-surface", className)}>
      <div className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-b px-3 py-1">
        <h2 className="font-semibold text-sm">{title}</h2>
        {note ? <div className="text-ink-3 text-xs">{note}</div> : null}
        {actions ? <div className="ml-auto flex items-center gap-2">{actions}</div> : null}
      </div>
      {children}
    </section>
  );
}

/** Facts in pairs: name over value. */
export const Facts = ({ items }: { items: readonly { label: string; value: ReactNode }[] }) => (
  <dl className="flex flex-wrap gap-x-8 gap-y-2 text-sm">
    {items.map((item) => (
      <div key={item.label} className="flex min-w-0 flex-col">
        <dt className="text-ink-3 text-xs">{item.label}</dt>
        <dd className="min-w-0 break-words">{item.value}</dd>
      </div>
    ))}
  </dl>
);
