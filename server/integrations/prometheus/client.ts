import { z } from "zod";
import { AppError } from "../../agent/kernel/errors.ts";
import { type Endpoint, jsonOf, type Params, refusalOf } from "../http/endpoint.ts";

/** Prometheus' HTTP API, v1. https://prometheus.io/docs/prometheus/latest/querying/api/ */

const SPEAKS = "the address of a Prometheus HTTP API (Prometheus, Mimir, Thanos, VictoriaMetrics)";

/** VictoriaMetrics has HTTP statuses such as "422" for errorType */
const Failure = z.object({ status: z.literal("error"), errorType: z.string().default(""), error: z.string() });
const Success = z.object({ status: z.literal("success"), data: z.unknown() });

const Names = z.array(z.string());
const Matrix = z.object({
  resultType: z.literal("matrix"),
  result: z.array(
    z.object({
      metric: z.record(z.string(), z.string()),
      values: z.array(z.tuple([z.number(), z.string()])).default([]),
    }),
  ),
});
export type Matrix = z.infer<typeof Matrix>;
const Metadata = z.record(
  z.string(),
  z.array(z.object({ type: z.string(), help: z.string().default(""), unit: z.string().default("") })),
);
export type Metadata = z.infer<typeof Metadata>;

export interface PrometheusClient {
  range(
    query: { expression: string; startMs: number; endMs: number; stepSeconds: number },
    signal?: AbortSignal,
  ): Promise<Matrix>;
  /** names of labels of the series that a selector matches */
  labels(matches: readonly string[], since: Date): Promise<string[]>;
  values(label: string, matches: readonly string[], since: Date): Promise<string[]>;
  /** empty where the server keeps none */
  metadata(): Promise<Metadata>;
}

/** @throws from each: INVALID with the server's words for a query it cannot take, TIMEOUT, UPSTREAM_… */
export function createPrometheusClient(endpoint: Endpoint): PrometheusClient {
  const ask = async <T extends z.ZodType>(
    data: T,
    path: string,
    params: Params,
    options: { form?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<z.infer<T>> => {
    const answer = await endpoint.ask(path, params, options);
    const failure = Failure.safeParse(answer.status === 200 ? null : parsed(answer.text));
    if (failure.success) throw failureOf(endpoint.address, answer.status, failure.data);
    if (answer.status !== 200) throw refusalOf(endpoint, answer, SPEAKS);
    const body = Success.safeParse(jsonOf(endpoint, answer, SPEAKS));
    const found = data.safeParse(body.data?.data);
    if (body.success && found.success) return found.data;
    throw new AppError("UPSTREAM_REJECTED", `${endpoint.address}${path} answered in another shape. Is it ${SPEAKS}?`, {
      cause: body.error ?? found.error,
    });
  };
  const seconds = (ms: number): string => (ms / 1_000).toFixed(3);
  const matching = (matches: readonly string[], since: Date): Params => [
    ...matches.map((match) => ["match[]", match] as const),
    ["start", seconds(since.getTime())],
  ];
  return {
    range: ({ expression, startMs, endMs, stepSeconds }, signal) =>
      ask(
        Matrix,
        "/api/v1/query_range",
        [
          ["query", expression],
          ["start", seconds(startMs)],
          ["end", seconds(endMs)],
          ["step", String(stepSeconds)],
        ],
        { form: true, signal },
      ),
    labels: (matches, since) => ask(Names, "/api/v1/labels", matching(matches, since), { form: true }),
    values: (label, matches, since) =>
      ask(Names, `/api/v1/label/${encodeURIComponent(label)}/values`, matching(matches, since)),
    metadata: () =>
      ask(Metadata, "/api/v1/metadata", []).catch((error) => {
        if (error instanceof AppError && error.details?.status === 404) return {}; // a server without this path
        throw error;
      }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a proxy's page: judged by its status
  }
}

function failureOf(address: string, status: number, { errorType, error }: z.infer<typeof Failure>): AppError {
  const details = { address, errorType };
  if (status === 400 || status === 422) return new AppError("INVALID", `${address} says: ${error}`, { details });
  if (errorType === "timeout" || errorType === "canceled")
    return new AppError("TIMEOUT", `${address} gave up on the query: ${error}. Choose a narrower window.`, { details });
  return new AppError("UPSTREAM_UNAVAILABLE", `${address} cannot answer now: ${error}`, { details });
}
