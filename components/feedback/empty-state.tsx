import type { ReactNode } from "react";

/** Nothing here yet: one line that teaches the next step, and at most one action. */
export const EmptyState = ({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) => (
  <div className="flex flex-col items-start gap-2 px-4 py-8">
    <p className="font-medium">{title}</p>
    {children ? <div className="max-w-prose text-ink-2 text-sm">{children}</div> : null}
    {action}
  </div>
);
