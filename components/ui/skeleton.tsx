import { cn } from "../lib/cn.ts";

/** A grey bar where something will stand; give it the size of what comes. */
export const Skeleton = ({ className }: { className?: string }) => (
  <span aria-hidden="true" data-skeleton="" className={cn("block animate-breathe rounded-sm bg-sunken", className)} />
);

/** Rows of a table that loads; `rows` should be the number that usually come, so that nothing jumps. */
export const SkeletonRows = ({ rows, rowClassName = "h-9" }: { rows: number; rowClassName?: string }) => (
  <div aria-hidden="true" className="divide-y">
    {Array.from({ length: rows }, (_, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never move
      <div key={index} className={cn("flex items-center gap-4 px-3", rowClassName)}>
        <Skeleton className="h-3 w-32" />
        <Skeleton className="h-3 w-20" />
        <Skeleton className="h-3 flex-1" />
      </div>
    ))}
  </div>
);
