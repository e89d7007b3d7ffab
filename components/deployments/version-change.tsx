import { ArrowRight } from "lucide-react";

/** "2.4.0 → 2.5.0"; the first deployment has nothing before it. */
export const VersionChange = ({ from, to }: { from: string | null; to: string }) => (
  <span className="num inline-flex items-center gap-1 whitespace-nowrap">
    {from ? (
      <>
        <span className="text-ink-3">{from}</span>
        <ArrowRight className="size-3 text-ink-3" aria-hidden="true" />
        <span className="sr-only">to</span>
      </>
    ) : null}
    <span>{to}</span>
  </span>
);
