import { AppError } from "../../kernel/errors.ts";
import type { PlatformService, ServiceRef, Workloads } from "../../ports/workloads.ts";

/** what is known is used for this long while the platform gives no answer */
const STALE_MS = 120_000;

/**
 * What the platform says of a service now, asked once for all who ask at the same time. While the platform is away the
 * last answer serves, and `asked` is false: the balancer may well be up. @throws UPSTREAM_UNAVAILABLE, NOT_FOUND
 */
export function createServiceLookup(workloads: Pick<Workloads, "getService">) {
  const known = new Map<string, { at: number; service: PlatformService }>();
  const asking = new Map<string, Promise<{ service: PlatformService; asked: boolean }>>();

  const ask = async (ref: ServiceRef, key: string) => {
    try {
      const service = await workloads.getService(ref);
      known.set(key, { at: performance.now(), service });
      return { service, asked: true };
    } catch (error) {
      const last = known.get(key);
      const away = error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE";
      if (away && last && performance.now() - last.at < STALE_MS) return { service: last.service, asked: false };
      throw error;
    } finally {
      asking.delete(key);
    }
  };

  return async (ref: ServiceRef): Promise<{ service: PlatformService; asked: boolean }> => {
    const key = `${ref.service}/${ref.environment}`;
    const pending = asking.get(key) ?? ask(ref, key);
    asking.set(key, pending);
    return await pending;
  };
}
