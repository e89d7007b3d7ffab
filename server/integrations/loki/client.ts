import { z } from "zod";
import { AppError } from "../../agent/kernel/errors.ts";
import { clipText } from "../../agent/text/clip-text.ts";
import { type Endpoint, jsonOf, type Params, refusalOf } from "../http/endpoint.ts";

/** Loki's HTTP API. https://grafana.com/docs/loki/latest/reference/loki-http-api/ */

const SPEAKS = "the address of Loki";

const Streams = z.object({
  resultType: z.literal("streams"),
  result: z.array(
    z.object({
      stream: z.record(z.string(), z.string()),
      // a third part, with structured metadata apart, comes only to those who ask for it
      values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())),
    }),
  ),
});
const Matrix = z.object({
  resultType: z.literal("matrix"),
  result: z.array(
    z.object({
      metric: z.record(z.string(), z.string()),
      values: z.array(z.tuple([z.number(), z.string()])).default([]),
    }),
  ),
});
export type LokiMatrix = z.infer<typeof Matrix>;
const Names = z.array(z.string()).nullish();
const Body = z.object({ status: z.literal("success"), data: z.unknown() });

/** One line as Loki has it; `ns` since 1970. */
export interface LokiLine {
  ns: bigint;
  line: string;
  labels: Record<string, string>;
}

export interface LokiClient {
  /** Labels of streams since a time; does not tell structured metadata. */
  labels(since: Date): Promise<string[]>;
  /** Lines of [fromNs, toNs), at most `limit`, in the order asked for. */
  lines(
    query: { logql: string; fromNs: bigint; toNs: bigint; limit: number; forward: boolean },
    signal?: AbortSignal,
  ): Promise<LokiLine[]>;
  /** A metric query, evaluated from `startMs` to `endMs`, both included. */
  matrix(
    query: { logql: string; startMs: number; endMs: number; stepSeconds: number },
    signal?: AbortSignal,
  ): Promise<LokiMatrix>;
}

const nsOf = (ms: number): string => String(BigInt(Math.round(ms)) * 1_000_000n);

/** @throws from each: INVALID with Loki's words for a query it cannot take, TIMEOUT, UPSTREAM_… */
export function createLokiClient(endpoint: Endpoint): LokiClient {
  const ask = async <T extends z.ZodType>(
    data: T,
    path: string,
    params: Params,
    signal?: AbortSignal,
  ): Promise<z.infer<T>> => {
    const answer = await endpoint.ask(path, params, { form: true, signal });
    if (answer.status === 400)
      throw new AppError("INVALID", `${endpoint.address} says: ${clipText(answer.text.trim(), 500)}`, {
        details: { address: endpoint.address },
      });
    if (answer.status !== 200) throw refusalOf(endpoint, answer, SPEAKS);
    const body = Body.safeParse(jsonOf(endpoint, answer, SPEAKS));
    const found = data.safeParse(body.data?.data);
    if (body.success && found.success) return found.data;
    throw new AppError("UPSTREAM_REJECTED", `${endpoint.address}${path} answered in another shape. Is it ${SPEAKS}?`, {
      cause: body.error ?? found.error,
    });
  };
  return {
    labels: async (since) => (await ask(Names, "/loki/api/v1/labels", [["start", nsOf(since.getTime())]])) ?? [],
    async lines({ logql, fromNs, toNs, limit, forward }, signal) {
      const params: Params = [
        ["query", logql],
        ["start", String(fromNs)],
        ["end", String(toNs)],
        ["limit", String(limit)],
        ["direction", forward ? "forward" : "backward"],
      ];
      const { result } = await ask(Streams, "/loki/api/v1/query_range", params, signal);
      return result.flatMap(({ stream, values }) =>
        values.map(([ns, line]) => ({ ns: BigInt(ns), line, labels: stream })),
      );
    },
    matrix: ({ logql, startMs, endMs, stepSeconds }, signal) =>
      ask(
        Matrix,
        "/loki/api/v1/query_range",
        [
          ["query", logql],
          ["start", nsOf(startMs)],
          ["end", nsOf(endMs)],
          ["step", `${stepSeconds}s`],
        ],
        signal,
      ),
  };
}
