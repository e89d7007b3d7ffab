import { z } from "zod";
import type { Runtime } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import type { UsesPlatform } from "../ports/platform.ts";
import type { PlatformService, Workloads } from "../ports/workloads.ts";

/** What is known of the platform now. */
export interface PlatformView {
  /** what it says runs; what it said last while it is silent; null when it never said anything */
  services: PlatformService[] | null;
  /** since when it does not answer; null while it does */
  silentSince: Date | null;
}

interface Known {
  services: PlatformService[] | null;
  silentSince: Date | null;
}

/** a silence is told at once, and counts as an outage when it lasts so long: as long as a check waits */
const OUTAGE_MS = 5_000;

const Details = z.object({ since: z.iso.datetime().transform((text) => new Date(text)) });
const known = new WeakMap<Workloads, Known>();

/** Asks the platform what runs. One that does not answer is a state to show, not an error. */
export async function viewPlatform({
  platform: { workloads },
  now,
}: Pick<Runtime, "now"> & UsesPlatform<"workloads">): Promise<PlatformView> {
  let seen: Known;
  try {
    seen = { services: await workloads.listServices(), silentSince: null };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "UPSTREAM_UNAVAILABLE") throw error;
    const since = Details.safeParse(error.details).data?.since ?? now();
    const last = known.get(workloads);
    seen = { services: last?.services ?? null, silentSince: earlier(last?.silentSince ?? since, since) };
  }
  known.set(workloads, seen);
  return seen;
}

const earlier = (one: Date, other: Date): Date => (one < other ? one : other);

/** The first sentence of every answer while the platform is silent; null while it answers. */
export function silenceSentence({ services, silentSince }: PlatformView): string | null {
  if (silentSince === null) return null;
  const figures = services === null ? "unknown" : "as last known";
  return `The local platform does not answer since ${silentSince.toISOString()}: instances and traffic are ${figures}`;
}

/** Whether its balancers, which carry all requests to its services, count as down. */
export const isPlatformDown = ({ silentSince }: PlatformView, now: Date): boolean =>
  silentSince !== null && now.getTime() - silentSince.getTime() >= OUTAGE_MS;
