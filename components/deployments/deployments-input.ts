import type { DeploymentStatus } from "#server/agent/deploy/schema.ts";
import { DEPLOYMENT_STATUSES, STRATEGIES } from "#server/agent/deploy/words.ts";
import type { RouterInputs } from "../trpc/client.tsx";

export const KINDS = ["deploy", "rollback"] as const;
export const SHOWN_STRATEGIES = [...STRATEGIES, "restore"] as const;

/** The filters of the list as its URL has them; null: any. */
export interface DeploymentFilters {
  environment: string | null;
  service: string | null;
  status: string | null;
  strategy?: string | null;
  kind?: string | null;
}

/** What the facets count by, made of the URL. */
export function filtersInput(url: DeploymentFilters): RouterInputs["deploy"]["facets"] {
  const status = DEPLOYMENT_STATUSES.find((one): one is DeploymentStatus => one === url.status);
  const strategy = SHOWN_STRATEGIES.find((one) => one === url.strategy);
  const kind = KINDS.find((one) => one === url.kind);
  return {
    ...(url.environment ? { environment: url.environment } : {}),
    ...(url.service ? { service: url.service } : {}),
    ...(status ? { status: [status] } : {}),
    ...(strategy ? { strategy: [strategy] } : {}),
    ...(kind ? { kind } : {}),
  };
}

/** What the list asks for, made of its URL, on the server and in the browser alike. */
export const deploymentsInput = (url: DeploymentFilters): RouterInputs["deploy"]["list"] => filtersInput(url);
