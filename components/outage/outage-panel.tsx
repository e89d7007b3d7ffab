import { Mark } from "../feedback/mark.tsx";

/** What is away, what goes on, and that nobody has to do anything; read out once, not at each try. */
export const OutagePanel = ({ outage }: { outage: string }) => (
  <div role="status" aria-live="polite" className="mx-auto flex max-w-2xl flex-col items-start gap-2 px-4 py-8">
    <Mark tone="critical" className="whitespace-normal font-medium">
      {outage}
    </Mark>
    <p className="text-ink-2 text-sm">Services keep running. Trying again…</p>
  </div>
);
