"use client";

import { useRouter } from "next/navigation";
import { startTransition } from "react";
import { ErrorPanel } from "../feedback/error-panel.tsx";
import { PageHydrated } from "../trpc/hydration.tsx";
import { OutagePanel } from "./outage-panel.tsx";
import { useRecovery } from "./use-recovery.ts";

/**
 * Of a page that failed on the server, whose reason the browser is not told: asks whether the database answers, and
 * shows the page by itself when it does again.
 */
export function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const router = useRouter();
  const again = () =>
    startTransition(() => {
      router.refresh();
      reset();
    });
  const outage = useRecovery(null, again);
  if (outage !== null) return <OutagePanel outage={outage} />;
  return (
    <>
      <PageHydrated />
      <ErrorPanel
        title="This page could not be shown"
        message="What Operate watches and the work it started are not affected. Try again; if it stays, the log of the web process has the details."
        digest={error.digest}
        onRetry={again}
        className="mx-auto max-w-2xl py-8"
      />
    </>
  );
}
