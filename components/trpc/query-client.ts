import { defaultShouldDehydrateQuery, QueryCache, QueryClient } from "@tanstack/react-query";
import { describeError } from "./error-description.ts";

/** Sends a person whose session ended to sign in, and back afterwards. */
export function leaveForSignIn(): void {
  if (window.location.pathname.startsWith("/sign-in")) return;
  const next = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?next=${encodeURIComponent(next)}`);
}

const worthRetrying = (failures: number, error: unknown): boolean => {
  const { code } = describeError(error);
  return failures < 2 && (code === null || code === "INTERNAL_SERVER_ERROR" || code === "SERVICE_UNAVAILABLE");
};

/** Data is fresh for 10 s unless the live feed says otherwise; a failed read is tried twice more. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (typeof window !== "undefined" && describeError(error).code === "UNAUTHORIZED") leaveForSignIn();
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: worthRetrying,
        retryDelay: (attempt) => 400 * 2 ** attempt,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
      dehydrate: { shouldDehydrateQuery: defaultShouldDehydrateQuery },
    },
  });
}
