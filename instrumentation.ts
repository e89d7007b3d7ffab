import type { Instrumentation } from "next";

/** What a page says of its failure names the web process's log: the line with that number stands there. */
export const onRequestError: Instrumentation.onRequestError = async (error, _request, { routePath, routeType }) => {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { createLogger } = await import("#server/telemetry/log.ts");
  const digest = error instanceof Error && "digest" in error ? error.digest : undefined;
  createLogger("web").error({ err: error, digest, route: routePath, type: routeType }, "a page could not be rendered");
};
