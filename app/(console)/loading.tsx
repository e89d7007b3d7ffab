import { Skeleton, SkeletonRows } from "#components/ui/skeleton.tsx";

export default function Loading() {
  return (
    <div className="mx-auto flex w-full max-w-[112rem] flex-col gap-4 px-3 py-4 sm:px-4 lg:px-6" aria-busy="true">
      <span className="sr-only">Loading</span>
      <Skeleton className="h-7 w-48" />
      <div className="rounded-md border bg-surface">
        <SkeletonRows rows={8} />
      </div>
    </div>
  );
}
