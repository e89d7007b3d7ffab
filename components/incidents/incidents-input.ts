import type { Severity } from "#server/agent/incidents/schema.ts";
import { SEVERITIES, UNRESOLVED } from "#server/agent/incidents/words.ts";
import type { RouterInputs } from "../trpc/client.tsx";

/** What the list asks for, made of its URL, on the server and in the browser alike. */
export function incidentsInput(url: {
  environment: string | null;
  service: string | null;
  severity: string | null;
  /** "all", else only what is not resolved */
  show: string | null;
}): RouterInputs["incidents"]["list"] {
  const severity = SEVERITIES.find((one): one is Severity => one === url.severity);
  return {
    ...(url.show === "all" ? {} : { status: [...UNRESOLVED] }),
    ...(severity ? { severity: [severity] } : {}),
    ...(url.service ? { service: url.service } : {}),
    ...(url.environment ? { environment: url.environment } : {}),
  };
}
