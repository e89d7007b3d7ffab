import { AppError } from "../kernel/errors.ts";
import type { Platform, PlatformService, ServiceRef } from "../ports/platform.ts";

const KEEP_MS = 10_000;
/** an address that is known is used for this long while the platform gives no answer */
const STALE_MS = 120_000;

type Balancer = Pick<PlatformService, "url" | "overloaded">;

/**
 * Where a service's balancer listens and whether it is overloaded, asked of the platform at most every 10 s per service. While the platform is
 * away the last known address serves: the balancer may well be up. @throws UPSTREAM_UNAVAILABLE, NOT_FOUND
 */
export function createServiceAddresses(platform: Platform) {
  const known = new Map<string, { at: number; found: Balancer }>();
  const asking = new Map<string, Promise<Balancer>>();

  const ask = async (ref: ServiceRef, key: string): Promise<Balancer> => {
    try {
      const { url, overloaded } = await platform.getService(ref);
      known.set(key, { at: performance.now(), found: { url, overloaded } });
      return { url, overloaded };
    } catch (error) {
      const last = known.get(key);
      const away = error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE";
      if (away && last && performance.now() - last.at < STALE_MS) return { ...last.found, overloaded: null };
      throw error;
    } finally {
      asking.delete(key);
    }
  };

  return async (ref: ServiceRef): Promise<Balancer> => {
    const key = `${ref.service}/${ref.environment}`;
    const last = known.get(key);
    if (last && performance.now() - last.at < KEEP_MS) return last.found;
    const pending = asking.get(key) ?? ask(ref, key);
    asking.set(key, pending);
    return await pending;
  };
}
