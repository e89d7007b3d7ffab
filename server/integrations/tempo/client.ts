import { z } from "zod";
import { AppError } from "../../agent/kernel/errors.ts";
import type { SpanRecord } from "../../agent/ports/telemetry.ts";
import { clipText } from "../../agent/text/clip-text.ts";
import { type Endpoint, type EndpointAnswer, jsonOf, type Params, refusalOf } from "../http/endpoint.ts";
import { decodeTraces } from "../otlp/traces.ts";

/** Tempo's HTTP API. https://grafana.com/docs/tempo/latest/api_docs/ */

const SPEAKS = "the address of Tempo";

const Found = z.object({
  traceID: z.string(),
  rootServiceName: z.string().default(""),
  rootTraceName: z.string().default(""),
  startTimeUnixNano: z.string(),
  /** left out below one millisecond */
  durationMs: z.number().default(0),
  serviceStats: z
    .record(z.string(), z.object({ spanCount: z.number().default(0), errorCount: z.number().default(0) }))
    .nullish(),
});
export type TempoTrace = z.infer<typeof Found>;
const Search = z.object({ traces: z.array(Found).nullish() });
const TagValues = z.object({ tagValues: z.array(z.object({ value: z.string() })).nullish() });

export interface TempoClient {
  /** Any `limit` of the traces that match: Tempo takes the first it finds. */
  search(
    query: { traceql: string; fromMs: number; toMs: number; limit: number },
    signal?: AbortSignal,
  ): Promise<TempoTrace[]>;
  /** null when there is no such trace */
  trace(traceId: string, signal?: AbortSignal): Promise<SpanRecord[] | null>;
  values(query: { tag: string; traceql: string | null; fromMs: number; toMs: number }): Promise<string[]>;
}

/** @throws from each: INVALID with Tempo's words for a query it refuses, UPSTREAM_…, TIMEOUT */
export function createTempoClient(endpoint: Endpoint): TempoClient {
  const checked = (answer: EndpointAnswer): EndpointAnswer => {
    if (answer.status === 400)
      throw new AppError("INVALID", `${endpoint.address} says: ${clipText(answer.text.trim(), 500)}`, {
        details: { address: endpoint.address },
      });
    if (answer.status !== 200) throw refusalOf(endpoint, answer, SPEAKS);
    return answer;
  };
  const ask = async <T extends z.ZodType>(shape: T, path: string, params: Params, signal?: AbortSignal) => {
    const answer = checked(await endpoint.ask(path, params, { signal }));
    const found = shape.safeParse(jsonOf(endpoint, answer, SPEAKS));
    if (found.success) return found.data;
    throw new AppError("UPSTREAM_REJECTED", `${endpoint.address}${path} answered in another shape. Is it ${SPEAKS}?`, {
      cause: found.error,
    });
  };
  // whole seconds: the edges may bring a little more, which the caller leaves out
  const window = (fromMs: number, toMs: number): Params => [
    ["start", String(Math.floor(fromMs / 1_000))],
    ["end", String(Math.ceil(toMs / 1_000))],
  ];
  return {
    async search({ traceql, fromMs, toMs, limit }, signal) {
      const params: Params = [["q", traceql], ["limit", String(limit)], ...window(fromMs, toMs)];
      return (await ask(Search, "/api/search", params, signal)).traces ?? [];
    },
    async trace(traceId, signal) {
      // protobuf: what Tempo calls JSON has ids in base64; its Trace has the resource spans where OTLP has them
      const options = { accept: "application/protobuf", signal };
      const answer = await endpoint.ask(`/api/traces/${traceId}`, [], options);
      if (answer.status === 404) return null;
      const { records } = decodeTraces(checked(answer).body, { encoding: "protobuf" });
      return records.length > 0 ? records : null;
    },
    async values({ tag, traceql, fromMs, toMs }) {
      const path = `/api/v2/search/tag/${encodeURIComponent(tag)}/values`;
      const params: Params = [...(traceql === null ? [] : [["q", traceql] as const]), ...window(fromMs, toMs)];
      return ((await ask(TagValues, path, params)).tagValues ?? []).map(({ value }) => value);
    },
  };
}
