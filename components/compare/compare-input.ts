import type { RouterInputs } from "../trpc/client.tsx";

export const MINUTES = ["5", "30", "120"] as const;
export const DEFAULT_MINUTES = "30";

/** What is compared, as the page's URL has it. */
export interface CompareUrl {
  service: string | null;
  environment: string | null;
  baseline: string | null;
  candidate: string | null;
  minutes: string | null;
}

/** What the comparison asks for, on the server and in the browser alike; null before a service is chosen. Pure. */
export function compareInput(url: CompareUrl): RouterInputs["deploy"]["compare"] | null {
  const { service, environment, baseline, candidate } = url;
  if (!(service && environment)) return null;
  const minutes = MINUTES.find((one) => one === url.minutes) ?? DEFAULT_MINUTES;
  return {
    ...{ service, environment, minutes: Number(minutes) },
    ...(baseline ? { baseline } : {}),
    ...(candidate ? { candidate } : {}),
  };
}

/** The page that compares the newest version there with the one before it. */
export const compareHref = ({ service, environment }: { service: string; environment: string }): string =>
  `/compare?${new URLSearchParams({ service, environment })}`;
