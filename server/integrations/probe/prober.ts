import { withoutConfidential } from "../../agent/kernel/confidential/confidential.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import type { OutboundHttp } from "../../agent/ports/outbound-http.ts";
import type { ProbeResult, Prober, ProbeSpec } from "../../agent/ports/prober.ts";
import { inSpan } from "../../agent/telemetry/span.ts";
import { describeNetworkError } from "../http/http-errors.ts";
import type { Reachable } from "../http/reachable.ts";
import { probeDisk } from "./disk.ts";
import { probeDns } from "./dns.ts";
import { probeHttp } from "./http.ts";
import { probeTcp } from "./tcp.ts";

/** There are many and they are all alike: one in a hundred is traced, as a whole. */
const SHARE_OF_CHECKS = 0.01;

/** HTTP, TCP and DNS checks on the outbound client; whatever fails about the target is a `down` that says why. */
export function createProber(outbound: OutboundHttp & { reachable: Reachable }): Prober {
  const ask = (spec: ProbeSpec, signal: AbortSignal): Promise<ProbeResult> => {
    switch (spec.type) {
      case "http":
        return probeHttp(outbound, spec, signal);
      case "tcp":
        return probeTcp(outbound.reachable, spec, within(spec, signal));
      case "dns":
        return probeDns(outbound.reachable, spec, within(spec, signal));
      case "disk":
        return probeDisk(spec.path);
    }
  };
  const find = async (spec: ProbeSpec, signal: AbortSignal): Promise<ProbeResult> => {
    const startedAt = performance.now();
    try {
      return await ask(spec, signal);
    } catch (error) {
      const latencyMs = performance.now() - startedAt;
      const late = latencyMs >= spec.timeoutMs || (error instanceof AppError && error.code === "TIMEOUT");
      const message = late ? `gave no full answer within ${spec.timeoutMs} ms` : reason(error, spec);
      return { outcome: "down", latencyMs, statusCode: null, message };
    }
  };
  return {
    probe: (spec, signal) =>
      inSpan(`health check: ${spec.type}`, { share: SHARE_OF_CHECKS, closed: true }, async (span) => {
        const result = await find(spec, signal);
        span.setAttribute("operate.check.outcome", result.outcome);
        return { ...result, message: result.message && withoutConfidential(result.message) };
      }),
  };
}

/** The HTTP client keeps its own time; the others are given it. */
const within = (spec: ProbeSpec, signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(spec.timeoutMs)]);

function reason(error: unknown, spec: ProbeSpec): string {
  const where =
    spec.type === "http" ? URL.parse(spec.url)?.host : spec.type === "tcp" ? `${spec.host}:${spec.port}` : null;
  return describeNetworkError(error, where ?? spec.type).message;
}
