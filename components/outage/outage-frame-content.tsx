"use client";

import { useRouter } from "next/navigation";
import { startTransition } from "react";
import { BareFrame } from "./bare-frame.tsx";
import { OutagePanel } from "./outage-panel.tsx";
import { useRecovery } from "./use-recovery.ts";

/** The frame and what is the matter. The page comes by itself when the session can be read again. */
export function OutageFrameContent({ outage: known, railCollapsed }: { outage: string; railCollapsed: boolean }) {
  const router = useRouter();
  const outage = useRecovery(known, () => startTransition(() => router.refresh())) ?? known;
  return (
    <BareFrame railCollapsed={railCollapsed}>
      <OutagePanel outage={outage} />
    </BareFrame>
  );
}

/** The frame while the session is still being read: the page, or what is the matter, takes its place. */
export const WaitingFrameContent = ({ railCollapsed }: { railCollapsed: boolean }) => (
  <BareFrame railCollapsed={railCollapsed}>
    <p role="status" className="mx-auto max-w-2xl px-4 py-8 text-ink-2 text-sm">
      Waiting for the database…
    </p>
  </BareFrame>
);
