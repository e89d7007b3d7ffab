"use client";

import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchStreamLink, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type ReactNode, useState } from "react";
import { PAGE_PERSON_HEADER } from "#server/agent/kernel/actor.ts";
import type { AppRouter } from "#server/routers/index.ts";
import { fetchAnswer } from "./fetch-answer.ts";
import { afterHydration } from "./hydration.tsx";
import { createQueryClient } from "./query-client.ts";

export type RouterInputs = inferRouterInputs<AppRouter>;
export type RouterOutputs = inferRouterOutputs<AppRouter>;

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

const URL_PATH = "/api/trpc";

/** Every call names the person whom the page shows: the server refuses it once somebody else is signed in. */
function createClient(person: string) {
  const http = { url: URL_PATH, fetch: fetchAnswer, headers: { [PAGE_PERSON_HEADER]: person } };
  return createTRPCClient<AppRouter>({
    links: [
      afterHydration,
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: httpSubscriptionLink({ url: URL_PATH, connectionParams: { person } }),
        false: splitLink({
          condition: (operation) => operation.context.alone === true,
          true: httpLink(http),
          false: httpBatchStreamLink({ ...http, maxURLLength: 6_000 }),
        }),
      }),
    ],
  });
}

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
export function ApiProvider({ person, children }: { person: string; children: ReactNode }) {
  const queryClient = queryClientHere();
  const [client] = useState(() => createClient(person));
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
