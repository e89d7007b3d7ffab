import { catalogOf } from "../catalog/catalog.ts";
import type { OperateAgentConfig } from "../config.ts";

/** Beyond these a service hurts its users. */
export interface Limits {
  /** share of requests that may fail, 0 to 100 */
  errorRatePercent: number;
  /** from this share on it fails its users rather than serving them worse, 0 to 100 */
  failingPercent: number;
  latencyP95Ms: number;
}

/** A tenth of the requests: whoever makes a handful of them meets a failure. */
const FAILING_PERCENT = 10;

/**
 * The limits a service is judged by: its own `slo`, else those of `sloConfig`, whose defaults are 1 % of errors and a
 * p95 of 500 ms.
 */
export function limitsOf(
  config: Pick<OperateAgentConfig, "sloConfig" | "services" | "deploymentConfig">,
  name: string,
): Limits {
  const { sloConfig } = config;
  const own = catalogOf(config).service(name)?.slo;
  const errorRatePercent = own?.errorRatePercent ?? sloConfig.errorRatePercent;
  return {
    errorRatePercent,
    failingPercent: Math.max(FAILING_PERCENT, errorRatePercent),
    latencyP95Ms: own?.latencyP95Ms ?? sloConfig.latencyP95Ms,
  };
}
