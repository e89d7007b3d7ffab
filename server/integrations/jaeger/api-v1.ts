import { z } from "zod";
import type { SpanRecord } from "../../agent/ports/telemetry.ts";
import type { Endpoint, Params } from "../http/endpoint.ts";
import { bodyOf, type JaegerClient, otherShape } from "./client.ts";
import { spansOf, TraceJson } from "./mapper.ts";

/**
 * The API of Jaeger's own pages: every Jaeger has it, and so do others that stand in for Jaeger (VictoriaTraces). It
 * is not versioned; https://www.jaegertracing.io/docs/1.76/apis/#http-json
 */

const Names = z.array(z.string()).nullish();
const Traces = z.array(TraceJson).nullish();
const Dependencies = z.array(z.object({ parent: z.string(), child: z.string(), callCount: z.number() })).nullish();
const Envelope = z.object({ data: z.unknown() });

export function createV1Client(endpoint: Endpoint): JaegerClient {
  const read = <T extends z.ZodType>(data: T, path: string, body: unknown): z.infer<T> => {
    const envelope = Envelope.safeParse(body);
    const found = data.safeParse(envelope.data?.data);
    if (envelope.success && found.success) return found.data;
    throw otherShape(endpoint, path, envelope.error ?? found.error);
  };
  const ask = async <T extends z.ZodType>(data: T, path: string, params: Params, signal?: AbortSignal) =>
    read(data, path, bodyOf(endpoint, await endpoint.ask(path, params, { signal })));
  const microseconds = (at: Date): string => String(at.getTime() * 1_000);
  return {
    services: async () => (await ask(Names, "/api/services", [])) ?? [],
    operations: async (service) =>
      (await ask(Names, `/api/services/${encodeURIComponent(service)}/operations`, [])) ?? [],
    async search({ service, operation, minDurationMs, onlyErrors, window, limit }, signal): Promise<SpanRecord[]> {
      const params: Params = [
        ["service", service],
        ...(operation === undefined ? [] : [["operation", operation] as const]),
        ...(minDurationMs === undefined ? [] : [["minDuration", `${minDurationMs}ms`] as const]),
        ...(onlyErrors ? [["tags", '{"error":"true"}'] as const] : []),
        ["start", microseconds(window.from)],
        ["end", microseconds(window.to)],
        ["limit", String(limit)],
      ];
      return ((await ask(Traces, "/api/traces", params, signal)) ?? []).flatMap(spansOf);
    },
    async trace(traceId, signal) {
      const path = `/api/traces/${traceId}`;
      const answer = await endpoint.ask(path, [], { signal });
      if (answer.status === 404) return null;
      // some answer 200 and carry the 404 in `errors`
      const spans = (read(Traces, path, bodyOf(endpoint, answer)) ?? []).flatMap(spansOf);
      return spans.length > 0 ? spans : null;
    },
    dependencies: async ({ from, to }) =>
      (await ask(Dependencies, "/api/dependencies", [
        ["endTs", String(to.getTime())],
        ["lookback", String(to.getTime() - from.getTime())],
      ])) ?? [],
  };
}
