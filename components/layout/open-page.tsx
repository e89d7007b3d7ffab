"use client";

import { useRouter } from "next/navigation";
import { createContext, type ReactNode, use, useCallback, useEffect, useEffectEvent, useState } from "react";
import { useLive } from "../trpc/live.tsx";
import { internalPath } from "./internal-path.ts";

const OpenPage = createContext<((path: string) => void) | null>(null);

/** Opens a page of the console, or says why it does not open. */
export function useOpenPage(): (path: string) => void {
  const open = use(OpenPage);
  const router = useRouter();
  return open ?? router.push;
}

const ANSWER_MS = 3_000;
const SAID_FOR_MS = 8_000;

const answers = (): Promise<boolean> =>
  fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) }).then(
    (response) => response.ok,
    () => false,
  );

/**
 * While the connection is lost, a page is opened only if Operate answers: the router falls back to the browser's own
 * loading, and the browser would put its "no internet" page in the console's place.
 */
export function OpenPages({ children }: { children: ReactNode }) {
  const router = useRouter();
  const { state } = useLive();
  const [refused, setRefused] = useState(0);
  const isLost = useEffectEvent(() => state === "lost" || !navigator.onLine);

  const openIfAnswering = useCallback(
    async (path: string) => {
      if (navigator.onLine && (await answers())) router.push(path);
      else setRefused((before) => before + 1);
    },
    [router],
  );
  const open = useCallback(
    (path: string) => {
      if (state === "lost" || !navigator.onLine) void openIfAnswering(path);
      else router.push(path);
    },
    [state, router, openIfAnswering],
  );

  const onClick = useEffectEvent((event: MouseEvent) => {
    if (!isLost()) return;
    const anchor = event.target instanceof Element ? event.target.closest("a") : null;
    if (!anchor?.href) return;
    const { href, target } = anchor;
    const path = internalPath(event, { href, target, download: anchor.hasAttribute("download") }, location.href);
    if (path === null) return;
    event.preventDefault();
    void openIfAnswering(path);
  });
  useEffect(() => {
    const listen = (event: MouseEvent) => onClick(event);
    document.addEventListener("click", listen, { capture: true });
    return () => document.removeEventListener("click", listen, { capture: true });
  }, []);
  useEffect(() => {
    if (refused === 0) return;
    const timer = setTimeout(() => setRefused(0), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [refused]);

  return (
    <OpenPage value={open}>
      {children}
      {/* no toast: its script may not be loaded yet, and now cannot be */}
      <div role="status" className="fixed inset-x-3 bottom-20 z-50 mx-auto w-fit max-w-prose md:bottom-6">
        {refused > 0 ? (
          <p className="rounded-md border border-line-strong bg-surface px-3 py-2 text-sm shadow-md">
            No page opens while the connection is lost. What you see stays; try again when it is back.
          </p>
        ) : null}
      </div>
    </OpenPage>
  );
}
