import { type DehydratedState, dehydrate, type QueryClient } from "@tanstack/react-query";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { headers } from "next/headers";
import { unstable_rethrow as rethrowOfNext } from "next/navigation";
import { cache } from "react";
import { catalogOf } from "#server/agent/catalog/catalog.ts";
import { identify } from "#server/auth/context.ts";
import { setupNeeded } from "#server/auth/first-admin.ts";
import { getRuntime } from "#server/container/index.ts";
import { appRouter } from "#server/routers/index.ts";
import { createCallerFactory, type RouterContext } from "#server/routers/trpc.ts";
import { type ReadOrOutage, readOrOutage } from "#server/telemetry/readiness.ts";
import { createQueryClient } from "./query-client.ts";
import { RENDERED_KEY, type Rendered } from "./rendered.ts";
import type { Start } from "./session.tsx";

const createCaller = createCallerFactory(appRouter);

/** Of the page that is being rendered, made once a request. */
const held = cache((): { context: Promise<RouterContext> | null } => ({ context: null }));

async function identifyPage(): Promise<RouterContext> {
  const request = new Request("http://page.invalid/", { headers: await headers() });
  const { agent, requestId } = await identify(getRuntime(), request, "web");
  return { agent, requestId };
}

/** The router context of the page; one that could not be made is made anew by whoever asks next. */
function pageContext(): Promise<RouterContext> {
  const page = held();
  page.context ??= identifyPage().catch((error: unknown) => {
    page.context = null;
    throw error;
  });
  return page.context;
}

/** Calls the routers in process, as the person the page is rendered for. Server components only. */
export const pageCaller = async () => createCaller(await pageContext());

/** Who is signed in, or null. */
export const currentSession = async () => {
  const { agent } = await pageContext();
  return agent ? (await pageCaller()).session.me() : null;
};

/**
 * What a page reads before it may show anything, or why the storage under Operate cannot tell. With an outage nothing of
 * the system may be shown: the session was not checked. @throws what else keeps it from being read
 */
export const orOutage = <T>(read: () => Promise<T>): Promise<ReadOrOutage<T>> =>
  readOrOutage(read, getRuntime(), rethrowOfNext);

/** What does not change while this process runs. */
export function systemFacts(): Omit<Start, "me"> {
  const { config, source } = getRuntime();
  const { environments, production } = catalogOf(config);
  return { environments: [...environments], productionEnvironments: production, sample: source.sample };
}

/** True while nobody can sign in because there is no account yet. */
export const isSetupNeeded = async (): Promise<boolean> => setupNeeded(getRuntime());

const proxyFor = (queryClient: QueryClient) =>
  createTRPCOptionsProxy({ ctx: pageContext, router: appRouter, queryClient });

/** Starts reads for a page: `(api, client) => [client.prefetchQuery(api.services.list.queryOptions({}))]`. */
export type Reads = (api: ReturnType<typeof proxyFor>, client: QueryClient) => Promise<void>[];

/** A page is not kept waiting longer than this; what is not there by then, the browser reads itself. */
const PATIENCE_MS = 250;

/** As of before any read of the request; null without it, and then the browser reads everything again. */
const renderedNow = cache(async (): Promise<Rendered | null> => {
  try {
    const { agent } = await pageContext();
    return agent && { person: agent.actor.id, after: await agent.live.newestId() };
  } catch {
    return null;
  }
});

/** What could be read in time, for the browser's cache. Failed reads are left to the browser, which shows why. */
export async function prefetch(reads: Reads): Promise<DehydratedState> {
  const client = createQueryClient();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  const read = async () => {
    const rendered = await renderedNow();
    if (rendered) client.setQueryData(RENDERED_KEY, rendered);
    await Promise.all(reads(proxyFor(client), client));
  };
  await Promise.race([read(), late]);
  clearTimeout(timer);
  return dehydrate(client);
}
