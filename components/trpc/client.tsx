"use client";

import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchStreamLink, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type ReactNode, useState } from "react";
import type { AppRouter } from "#server/routers/index.ts";
import { fetchAnswer } from "./fetch-answer.ts";
import { afterHydration } from "./hydration.tsx";
import { createQueryClient } from "./query-client.ts";

export type RouterInputs = inferRouterInputs<AppRouter>;
export type RouterOutputs = inferRouterOutputs<AppRouter>;

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

const URL_PATH = "/api/trpc";

const createClient = () =>
  createTRPCClient<AppRouter>({
    links: [
      afterHydration,
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: httpSubscriptionLink({ url: URL_PATH }),
        false: splitLink({
          condition: (operation) => operation.context.alone === true,
          true: httpLink({ url: URL_PATH, fetch: fetchAnswer }),
          false: httpBatchStreamLink({ url: URL_PATH, fetch: fetchAnswer, maxURLLength: 6_000 }),
        }),
      }),
    ],
  });

let browserQueryClient: QueryClient | undefined;
/** One cache a tab; on the server one a request. */
const queryClientHere = () => {
  if (typeof window === "undefined") return createQueryClient();
  browserQueryClient ??= createQueryClient();
  return browserQueryClient;
};

/**
 * For a read that may take long: it has a request of its own, which ends when nobody waits for it any longer, and it
 * can be stopped.
 */
export const LONG_READ = { trpc: { abortOnUnmount: true, context: { alone: true } } } as const;

/** Queries and mutations are batched, the live feed has a stream of its own. */
export function ApiProvider({ children }: { children: ReactNode }) {
  const queryClient = queryClientHere();
  const [client] = useState(createClient);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
