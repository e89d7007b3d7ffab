import { AppError } from "../../agent/kernel/errors.ts";

interface Circuit {
  failures: number;
  /** 0: closed */
  openUntilMs: number;
  /** the one request that tries whether the host is back */
  trial: boolean;
}

/**
 * One circuit per host (M. Nygard, Release It!): after `failureThreshold` failures in a row it opens and requests
 * fail at once; after `openMs` a single trial is let through, which closes or reopens it.
 */
export function createCircuitBreaker(options: { failureThreshold?: number; openMs?: number; now?: () => number } = {}) {
  const { failureThreshold = 5, openMs = 30_000, now = () => performance.now() } = options;
  const circuits = new Map<string, Circuit>();
  return {
    /** @throws UPSTREAM_UNAVAILABLE while the circuit is open */
    enter(host: string): void {
      const circuit = circuits.get(host);
      if (!circuit || circuit.openUntilMs === 0) return;
      const restMs = circuit.openUntilMs - now();
      if (restMs > 0 || circuit.trial)
        throw new AppError(
          "UPSTREAM_UNAVAILABLE",
          `${host} failed ${circuit.failures} times in a row; it is tried again in ${Math.max(1, Math.ceil(restMs / 1000))} s.`,
          { details: { host, circuit: "open" } },
        );
      circuit.trial = true;
    },
    succeeded(host: string): void {
      circuits.delete(host);
    },
    failed(host: string): void {
      if (circuits.size > 10_000) circuits.clear();
      const circuit = circuits.get(host) ?? { failures: 0, openUntilMs: 0, trial: false };
      circuit.failures++;
      circuit.trial = false;
      if (circuit.failures >= failureThreshold) circuit.openUntilMs = now() + openMs;
      circuits.set(host, circuit);
    },
    /** neither: the request said nothing about the host (given up by its caller, refused by the address rule) */
    left(host: string): void {
      const circuit = circuits.get(host);
      if (circuit) circuit.trial = false;
    },
  };
}
export type CircuitBreaker = ReturnType<typeof createCircuitBreaker>;
