import { type Sampler, SamplingDecision } from "@opentelemetry/sdk-trace-base";

/**
 * Records a share of the traces: `ratio` of all, times what the attribute `shareKey` of their first span says. Decided
 * by the trace id, so that every process that sees the trace decides alike.
 */
export function shareSampler(ratio: number, shareKey: string): Sampler {
  const most = ratio >= 0 && ratio <= 1 ? ratio : 1;
  return {
    shouldSample(_context, traceId, _name, _kind, attributes) {
      const share = Number(attributes[shareKey] ?? 1) * most;
      const position = Number.parseInt(traceId.slice(-8), 16) / 2 ** 32;
      return { decision: position < share ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
    },
    toString: () => `ShareSampler{${most}}`,
  };
}
