"use client";

import { ErrorPanel } from "#components/feedback/error-panel.tsx";

export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main className="mx-auto max-w-2xl py-16">
      <ErrorPanel
        title="This page could not be shown"
        message="What Operate watches and the work it started are not affected. Try again; if it stays, the log of the web process has the details."
        requestId={error.digest}
        onRetry={reset}
      />
    </main>
  );
}
