import type { HealthState } from "#server/agent/health/schema.ts";
import { HEALTH_STATES, MOST_TARGETS } from "#server/agent/health/words.ts";
import type { RouterInputs } from "../trpc/client.tsx";

export const PAGE_TARGETS = 100;

/** What the health page asks for, made of its URL, on the server and in the browser alike. */
export function monitorInput(url: {
  environment: string | null;
  state: string | null;
  limit: number;
}): RouterInputs["health"]["monitor"] {
  const state = HEALTH_STATES.find((one): one is HealthState => one === url.state);
  return {
    limit: Math.min(MOST_TARGETS, Math.max(1, Math.trunc(url.limit) || PAGE_TARGETS)),
    ...(url.environment ? { environment: url.environment } : {}),
    ...(state ? { state: [state] } : {}),
  };
}
