"use client";

import { PageError } from "#components/outage/page-error.tsx";

export default function ErrorPage(props: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main>
      <PageError {...props} />
    </main>
  );
}
