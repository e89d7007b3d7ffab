"use client";

import type { TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { useEffect } from "react";
import type { AppRouter } from "#server/routers/index.ts";

/**
 * What the server drew is taken over piece by piece. A read of the frame that comes back in between would be drawn by a
 * later piece on top of what the server had, and React would throw that piece's HTML away.
 */

const { promise, resolve } = Promise.withResolvers<void>();
let isHydrated = false;

function hydrated(): void {
  isHydrated = true;
  resolve();
}

/** a page without `PageHydrated` is not kept waiting for ever; a slow processor needs seconds to take one over */
const AT_LATEST_MS = 10_000;
if (typeof window !== "undefined") setTimeout(hydrated, AT_LATEST_MS);

/** Stands in every page: its effect runs once the page is taken over. */
export function PageHydrated() {
  useEffect(hydrated, []);
  return null;
}

/** Holds the answers of reads back until the page is taken over; they are asked for at once. */
export const afterHydration: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) => {
    if (isHydrated || op.type !== "query") return next(op);
    return observable((observer) =>
      next(op).subscribe({
        next: (value) => void promise.then(() => observer.next(value)),
        error: (error) => void promise.then(() => observer.error(error)),
        complete: () => void promise.then(() => observer.complete()),
      }),
    );
  };
