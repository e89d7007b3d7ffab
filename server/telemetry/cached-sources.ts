import { AppError } from "../agent/kernel/errors.ts";
import type { LogSource } from "../agent/ports/log-source.ts";
import type { MetricsSource } from "../agent/ports/metrics-source.ts";
import type { Answer, SourceInfo, TimeWindow } from "../agent/ports/source.ts";
import type { TraceSource } from "../agent/ports/trace-source.ts";
import type { AnswerMemory } from "./memory.ts";

/**
 * External sources that may be away: while one does not answer, the last good answer to the same question is given
 * with its age (`stale`). The outbound client's circuit breaker sees to it that an absent one is not waited for.
 */

interface Options {
  memory: AnswerMemory;
  now?: () => Date;
}

/** A window that ends this close to now is "the newest hour" and stays the same question as time goes on. */
const LIVE_WITHIN_MS = 10 * 60_000;
const NAMES = { prometheus: "Prometheus", loki: "Loki", jaeger: "Jaeger", tempo: "Tempo" } as const;

/** The error means that nobody answered; not that the question was refused, nor that its asker went away. */
const isAway = (error: unknown, signal: AbortSignal | undefined): error is AppError =>
  error instanceof AppError &&
  (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "TIMEOUT") &&
  signal?.aborted !== true;

function createRecall(info: SourceInfo, { memory, now = () => new Date() }: Options) {
  let awaySince: Date | null = null;
  const name = `${info.kind in NAMES ? NAMES[info.kind as keyof typeof NAMES] : info.kind} at ${info.address}`;

  const questionOf = (method: string, query: unknown): string => {
    const nowMs = now().getTime();
    const windowOf = ({ from, to }: TimeWindow): unknown =>
      Math.abs(nowMs - to.getTime()) < LIVE_WITHIN_MS ? { newestMs: to.getTime() - from.getTime() } : { from, to };
    const text = JSON.stringify(query, function (this: unknown, key, value) {
      return key === "window" ? windowOf((this as { window: TimeWindow }).window) : value;
    });
    return `${info.kind} ${info.address} ${method} ${text}`;
  };

  return async <T>(
    method: string,
    query: unknown,
    ask: () => Promise<Answer<T>>,
    signal?: AbortSignal,
  ): Promise<Answer<T>> => {
    const question = questionOf(method, query);
    try {
      const answer = await ask();
      awaySince = null;
      memory.keep(question, { text: JSON.stringify(answer.data), asOf: answer.asOf });
      return answer;
    } catch (error) {
      if (!isAway(error, signal)) throw error;
      awaySince ??= now();
      const last = memory.recall(question);
      if (last) return { data: JSON.parse(last.text) as T, source: info, asOf: last.asOf, stale: true };
      throw new AppError(
        "UPSTREAM_UNAVAILABLE",
        `${name} has not answered since ${awaySince.toISOString()}, and nothing is remembered of this question. ${error.message}`,
        { details: { address: info.address, since: awaySince.toISOString() }, cause: error },
      );
    }
  };
}

/** @throws from each method: what the source throws; UPSTREAM_UNAVAILABLE, naming the endpoint and since when, when it is away */
export function cachedMetrics(source: MetricsSource, options: Options): MetricsSource {
  const recall = createRecall(source.info, options);
  const { promql } = source;
  return {
    info: source.info,
    metrics: (query) => recall("metrics", query, () => source.metrics(query)),
    labels: (query) => recall("labels", query, () => source.labels(query)),
    labelValues: (query) => recall("labelValues", query, () => source.labelValues(query)),
    query: (query, signal) => recall("query", query, () => source.query(query, signal), signal),
    sampleSeconds: async (query) => {
      const ask = async () => {
        const data = await source.sampleSeconds(query);
        return { data, source: source.info, asOf: (options.now ?? (() => new Date()))().toISOString(), stale: false };
      };
      // the figures themselves tell that nobody answers
      const told = await recall("sampleSeconds", query, ask).catch((error) => {
        if (isAway(error, undefined)) return null;
        throw error;
      });
      return told?.data ?? null;
    },
    promql: promql && ((query, signal) => recall("promql", query, () => promql(query, signal), signal)),
    toPromql: (query, stepSeconds) => source.toPromql(query, stepSeconds),
  };
}

/** @throws as rememberingMetrics */
export function cachedLogs(source: LogSource, options: Options): LogSource {
  const recall = createRecall(source.info, options);
  const { patternCounts } = source;
  return {
    info: source.info,
    lines: (query, signal) => recall("lines", query, () => source.lines(query, signal), signal),
    counts: (query, signal) => recall("counts", query, () => source.counts(query, signal), signal),
    origins: (query, signal) => recall("origins", query, () => source.origins(query, signal), signal),
    around: (query) => recall("around", query, () => source.around(query)),
    patternCounts:
      patternCounts && ((query, signal) => recall("patternCounts", query, () => patternCounts(query, signal), signal)),
  };
}

/** @throws as rememberingMetrics */
export function cachedTraces(source: TraceSource, options: Options): TraceSource {
  const recall = createRecall(source.info, options);
  const { edges, served, linksTo } = source;
  return {
    info: source.info,
    list: (query, signal) => recall("list", query, () => source.list(query, signal), signal),
    get: (traceId, signal) => recall("get", { traceId }, () => source.get(traceId, signal), signal),
    linksTo: linksTo && ((query, signal) => recall("linksTo", query, () => linksTo(query, signal), signal)),
    services: (window) => recall("services", { window }, () => source.services(window)),
    operations: (query) => recall("operations", query, () => source.operations(query)),
    edges: edges && ((query) => recall("edges", query, () => edges(query))),
    served: served && ((query) => recall("served", query, () => served(query))),
  };
}
