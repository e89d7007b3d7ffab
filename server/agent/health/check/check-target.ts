import { hostPort } from "../../kernel/hosts.ts";
import type { UsesPlatform } from "../../ports/platform.ts";
import type { ProbeResult, Prober } from "../../ports/prober.ts";
import type { PlatformService } from "../../ports/workloads.ts";
import { withPlatform } from "../read/platform-reason.ts";
import { createServiceLookup } from "../read/service-lookup.ts";
import { type PlannedTarget, serviceProbe } from "./targets.ts";

/** past its timeout a check has this long to notice before it is given up */
const GRACE_MS = 250;

/**
 * Checks one target once and is over `timeoutMs` (plus a moment) later whatever the prober does: a check that hangs is
 * reported as down and left behind.
 * @throws what the platform throws when it cannot say where a service is: that is no result, as nothing was asked
 */
type CheckTarget = (target: PlannedTarget) => Promise<ProbeResult>;

export function createCheckTarget({ platform }: UsesPlatform<"workloads">, prober: Prober): CheckTarget {
  const lookUp = createServiceLookup(platform.workloads);

  const ask = async (target: PlannedTarget, signal: AbortSignal): Promise<ProbeResult> => {
    if ("spec" in target.probe) return await prober.probe(target.probe.spec, signal);
    const { balancer, path } = target.probe;
    const { service, asked } = await lookUp(balancer);
    if (service.problem !== null) return { outcome: "down", latencyMs: 0, statusCode: null, message: service.problem };
    const base = new URL(service.url);
    const trusted = hostPort(base);
    const found = await prober.probe(serviceProbe(base, path, target.timeoutMs, trusted), signal);
    if (!asked) return found;
    return [overloadOf(service), service.notice ?? null]
      .filter((reason) => reason !== null)
      .reduce(degraded, withPlatform(found, service));
  };

  return async (target) => {
    const controller = new AbortController();
    const startedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const givenUp = new Promise<ProbeResult>((resolve) => {
      timer = setTimeout(() => {
        controller.abort();
        const message = `gave no full answer within ${target.timeoutMs} ms`;
        resolve({ outcome: "down", latencyMs: performance.now() - startedAt, statusCode: null, message });
      }, target.timeoutMs + GRACE_MS);
    });
    try {
      return await Promise.race([ask(target, controller.signal), givenUp]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Whoever is turned away gets no answer, however well those fare that get one. */
const overloadOf = ({ overloaded }: PlatformService): string | null =>
  overloaded && `the balancer is overloaded: it turned away ${overloaded.shed} requests lately`;

function degraded(found: ProbeResult, reason: string): ProbeResult {
  const message = found.message === null ? reason : `${found.message}; ${reason}`;
  return { ...found, outcome: found.outcome === "up" ? "degraded" : found.outcome, message };
}
