import type { ReactNode } from "react";
import { Section } from "../../layout/page.tsx";
import { Skeleton, SkeletonRows } from "../../ui/skeleton.tsx";

/** The size of what comes; `reading` says how far it is. */
export const PatternsSkeleton = ({ reading }: { reading?: ReactNode }) => (
  <div className="flex flex-col gap-4">
    <Section title="What stands out" actions={reading}>
      <div className="flex h-40 flex-col gap-4 p-4">
        <Skeleton className="h-3 w-3/4" />
        <Skeleton className="h-3 w-2/3" />
        <Skeleton className="h-3 w-1/2" />
      </div>
    </Section>
    <Section title="Patterns">
      <SkeletonRows rows={12} />
    </Section>
  </div>
);
