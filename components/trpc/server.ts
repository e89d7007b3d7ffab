import { headers } from "next/headers";
import { cache } from "react";
import { identify } from "#server/auth/context.ts";
import { setupNeeded } from "#server/auth/first-admin.ts";
import { getRuntime } from "#server/container.ts";
import { appRouter } from "#server/routers/index.ts";
import { createCallerFactory, type RouterContext } from "#server/routers/trpc.ts";

const createCaller = createCallerFactory(appRouter);

/** The router context of the page that is being rendered, made once a request. */
const pageContext = cache(async (): Promise<RouterContext> => {
  const runtime = await getRuntime();
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

/** True while nobody can sign in because there is no account yet. */
export const isSetupNeeded = async (): Promise<boolean> => setupNeeded(getRuntime());
