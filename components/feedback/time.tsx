"use client";

import { createContext, type ReactNode, startTransition, use, useEffect, useState, useSyncExternalStore } from "react";
import { formatAbsolute, formatClock, formatDuration, formatRelative, MISSING } from "../lib/format.ts";

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

const tick = () => {
  if (document.hidden) return;
  now = Date.now();
  for (const listener of listeners) listener();
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** One clock for the tab. A component renders again only when what `read` makes of the time changes. */
export function useClock<T extends string | number | boolean>(read: (now: number) => T): T {
  return useSyncExternalStore(
    subscribe,
    () => read(now),
    () => read(typeof window === "undefined" ? Date.now() : now),
  );
}

const never = () => () => {};

const Hydrated = createContext<boolean | null>(null);

/**
 * Around a whole page: what waits for hydration is drawn again afterwards in small pieces, so that a click in between is
 * heard. Without it all of it is drawn at once.
 */
export function HydratedProvider({ children }: { children: ReactNode }) {
  const [hydrated, setHydrated] = useState(false);
  useEffect(() => startTransition(() => setHydrated(true)), []);
  return <Hydrated value={hydrated}>{children}</Hydrated>;
}

/** False on the server and while hydrating: the viewer's time zone is only known afterwards. */
export function useHydrated(): boolean {
  const provided = use(Hydrated);
  const own = useSyncExternalStore(
    never,
    () => provided === null,
    () => false,
  );
  return provided ?? own;
}

/** "14:03" in the viewer's zone, which the server does not know: nothing stands there until the page is taken over. */
export function ClockTime({ at }: { at: string }) {
  return useHydrated() ? <span className="num">{formatClock(new Date(at))}</span> : null;
}

/** "3 min ago", with the absolute time and zone on hover. The server's text may be a second older: that is allowed. */
export function Time({ at, className }: { at: string | null | undefined; className?: string }) {
  const date = at ? new Date(at) : null;
  const text = useClock((clock) => (date ? formatRelative(date, new Date(clock)) : MISSING));
  const hydrated = useHydrated();
  if (!date || !at) return <span className={className}>{MISSING}</span>;
  return (
    <time
      dateTime={at}
      title={hydrated ? formatAbsolute(date) : undefined}
      className={className}
      suppressHydrationWarning
    >
      {text}
    </time>
  );
}

/** Time that runs: from `since` to `until`, or to now. */
export function Elapsed({ since, until, className }: { since: string; until?: string | null; className?: string }) {
  const from = Date.parse(since);
  const text = useClock((clock) => formatDuration((until ? Date.parse(until) : clock) - from));
  const hydrated = useHydrated();
  const title = hydrated ? `since ${formatAbsolute(new Date(from))}` : undefined;
  return (
    <span className={className} title={title} suppressHydrationWarning>
      {text}
    </span>
  );
}
