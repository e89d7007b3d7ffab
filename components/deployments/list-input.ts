import type { DeploymentStatus } from "#server/agent/deploy/schema.ts";
import { DEPLOYMENT_STATUSES } from "../marks/vocabulary.ts";
import type { RouterInputs } from "../trpc/client.tsx";

/** What the list asks for, made of its URL, on the server and in the browser alike. */
export function deploymentsInput(url: {
  environment: string | null;
  service: string | null;
  status: string | null;
}): RouterInputs["deploy"]["list"] {
  const status = DEPLOYMENT_STATUSES.find((one): one is DeploymentStatus => one === url.status);
  return {
    ...(url.environment ? { environment: url.environment } : {}),
    ...(url.service ? { service: url.service } : {}),
    ...(status ? { status: [status] } : {}),
  };
}
