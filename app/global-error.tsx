"use client";

/** Stands in for the root layout, hence without its styles. */
export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body style={{ fontFamily: "system-ui, sans-serif", maxWidth: 560, margin: "15vh auto", padding: 16 }}>
        <h1 style={{ fontSize: 20 }}>The console could not be shown</h1>
        <p>
          What Operate watches and the work it started are not affected. The log of the web process has the details.
        </p>
        <button type="button" onClick={reset}>
          Try again
        </button>
      </body>
    </html>
  );
}
