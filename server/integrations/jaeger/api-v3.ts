import { z } from "zod";
import type { SpanRecord } from "../../agent/ports/telemetry.ts";
import type { Endpoint, Params } from "../http/endpoint.ts";
import { decodeTraces } from "../otlp/traces.ts";
import { bodyOf, type JaegerClient, otherShape } from "./client.ts";

/** Jaeger's versioned API (`QueryService` of api_v3/query_service.proto), which gives traces as OTLP. */

const Services = z.object({ services: z.array(z.string()).default([]) });
const Operations = z.object({ operations: z.array(z.object({ name: z.string() })).default([]) });
const Dependencies = z.object({
  dependencies: z.array(z.object({ parent: z.string(), child: z.string(), callCount: z.coerce.number() })).default([]),
});
const Traces = z.object({ result: z.object({ resourceSpans: z.array(z.unknown()).default([]) }) });

/** Whether a body is what this API answers: older servers give their start page for a path they do not know. */
export const speaksV3 = (body: unknown): boolean => z.object({ services: z.array(z.string()) }).safeParse(body).success;
export const V3_SERVICES = "/api/v3/services";

export function createV3Client(endpoint: Endpoint): JaegerClient {
  const read = <T extends z.ZodType>(shape: T, path: string, body: unknown): z.infer<T> => {
    const found = shape.safeParse(body);
    if (found.success) return found.data;
    throw otherShape(endpoint, path, found.error);
  };
  const ask = async <T extends z.ZodType>(shape: T, path: string, params: Params) =>
    read(shape, path, bodyOf(endpoint, await endpoint.ask(path, params)));
  const spansOf = (path: string, body: unknown): SpanRecord[] => {
    const { result } = read(Traces, path, body);
    return decodeTraces(Buffer.from(JSON.stringify(result)), { encoding: "json" }).records;
  };
  return {
    services: async () => (await ask(Services, V3_SERVICES, [])).services,
    operations: async (service) =>
      (await ask(Operations, "/api/v3/operations", [["service", service]])).operations.map(({ name }) => name),
    async search({ service, operation, minDurationMs, onlyErrors, window, limit }, signal) {
      const path = "/api/v3/traces";
      const params: Params = [
        ["query.serviceName", service],
        ...(operation === undefined ? [] : [["query.operationName", operation] as const]),
        ...(minDurationMs === undefined ? [] : [["query.durationMin", `${minDurationMs / 1_000}s`] as const]),
        ...(onlyErrors ? [["query.attributes", '{"error":"true"}'] as const] : []),
        ["query.startTimeMin", window.from.toISOString()],
        ["query.startTimeMax", window.to.toISOString()],
        ["query.searchDepth", String(limit)],
      ];
      const answer = await endpoint.ask(path, params, { signal });
      // nothing found is 404 here
      return answer.status === 404 ? [] : spansOf(path, bodyOf(endpoint, answer));
    },
    async trace(traceId, signal) {
      const path = `/api/v3/traces/${traceId}`;
      const answer = await endpoint.ask(path, [], { signal });
      if (answer.status === 404) return null;
      const spans = spansOf(path, bodyOf(endpoint, answer));
      return spans.length > 0 ? spans : null;
    },
    dependencies: async ({ from, to }) =>
      (
        await ask(Dependencies, "/api/v3/dependencies", [
          ["startTime", from.toISOString()],
          ["endTime", to.toISOString()],
        ])
      ).dependencies,
  };
}
