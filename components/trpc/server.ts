import { type DehydratedState, dehydrate, type QueryClient } from "@tanstack/react-query";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { headers } from "next/headers";
import { unstable_rethrow as rethrowOfNext } from "next/navigation";
import { cache } from "react";
import { identify } from "#server/auth/context.ts";
import { setupNeeded } from "#server/auth/first-admin.ts";
import { getRuntime } from "#server/container.ts";
import { appRouter } from "#server/routers/index.ts";
import { createCallerFactory, type RouterContext } from "#server/routers/trpc.ts";
import { outageBehind, within } from "#server/telemetry/readiness.ts";
import { createQueryClient } from "./query-client.ts";

const createCaller = createCallerFactory(appRouter);

/** The router context of the page that is being rendered, made once a request. */
const pageContext = cache(async (): Promise<RouterContext> => {
  const runtime = getRuntime();
  const request = new Request("http://page.invalid/", { headers: await headers() });
  const { agent, requestId } = await identify(runtime, request, "web");
  return { agent, requestId };
});

/** Calls the routers in process, as the person the page is rendered for. Server components only. */
export const pageCaller = async () => createCaller(await pageContext());

/** Who is signed in, or null. */
export const currentSession = cache(async () => {
  const { agent } = await pageContext();
  return agent ? (await pageCaller()).session.me() : null;
});

/** Longer than a session is read by a database that answers; a page says then that it does not. */
const SESSION_MS = 5_000;

export type SessionRead =
  | { me: Awaited<ReturnType<typeof currentSession>>; outage: null }
  | { me: null; outage: string };

/**
 * Who is signed in, or why nobody can tell. With an outage nothing of the system may be shown: the session was not
 * checked. @throws what else keeps the session from being read
 */
export const sessionOrOutage = cache(async (): Promise<SessionRead> => {
  try {
    return { me: await within(SESSION_MS, currentSession()), outage: null };
  } catch (error) {
    rethrowOfNext(error);
    const outage = await outageBehind(error, getRuntime());
    if (outage === null) throw error;
    return { me: null, outage };
  }
});

/** What does not change while this process runs. */
export function systemFacts(): { environments: readonly string[]; sample: boolean } {
  const { config, source } = getRuntime();
  return { environments: config.deploymentConfig.environments, sample: source.sample };
}

/** True while nobody can sign in because there is no account yet. */
export const isSetupNeeded = async (): Promise<boolean> => setupNeeded(getRuntime());

const proxyFor = (queryClient: QueryClient) =>
  createTRPCOptionsProxy({ ctx: pageContext, router: appRouter, queryClient });

/** Starts reads for a page: `(api, client) => [client.prefetchQuery(api.services.list.queryOptions({}))]`. */
export type Reads = (api: ReturnType<typeof proxyFor>, client: QueryClient) => Promise<void>[];

/** A page is not kept waiting longer than this; what is not there by then, the browser reads itself. */
const PATIENCE_MS = 250;

/** What could be read in time, for the browser's cache. Failed reads are left to the browser, which shows why. */
export async function prefetch(reads: Reads): Promise<DehydratedState> {
  const client = createQueryClient();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([Promise.all(reads(proxyFor(client), client)), late]);
  clearTimeout(timer);
  return dehydrate(client);
}
