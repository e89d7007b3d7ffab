import { afterAll, describe, expect, it } from "vitest";
import { AppError } from "../agent/kernel/errors.ts";
import type { LogSource } from "../agent/ports/log-source.ts";
import type { MetricsSource } from "../agent/ports/metrics-source.ts";
import type { TraceSource } from "../agent/ports/trace-source.ts";
import { createCircuitBreaker } from "../integrations/http/circuit-breaker.ts";
import { createOutboundClient } from "../integrations/http/client.ts";
import { createPrometheusSource } from "../integrations/prometheus/index.ts";
import { fakeMetrics } from "../testing/doubles/fake-metrics.ts";
import { isInstalled, named, startPrometheus } from "../testing/monitoring-servers.ts";
import { cachedLogs, cachedMetrics, cachedTraces } from "./cached-sources.ts";
import { createAnswerMemory } from "./memory.ts";

const at = (time: string) => new Date(`2026-03-01T${time}Z`);
const info = { kind: "prometheus" as const, address: "http://metrics.test" };
const away = () => new AppError("UPSTREAM_UNAVAILABLE", "metrics.test refused the connection.");

/** A source that answers with how often it was asked, until it is told to fail. */
function failing() {
  const state: { error: Error | null; asked: number } = { error: null, asked: 0 };
  const source = fakeMetrics({
    metrics: [],
    info,
    linesOf: () => {
      state.asked++;
      if (state.error) throw state.error;
      return [{ labels: {}, values: [state.asked] }];
    },
  });
  let now = at("10:00:00");
  const clock = {
    now: () => now,
    go: (time: string) => {
      now = at(time);
    },
  };
  const remembering = cachedMetrics(source, { memory: createAnswerMemory(), now: clock.now });
  const ask = (from: string, to: string, signal?: AbortSignal, metric = "up") =>
    remembering.query(
      {
        metric,
        filters: [],
        groupBy: [],
        fn: "last",
        window: { from: at(from), to: at(to) },
        stepSeconds: 60,
        limit: 1,
      },
      signal,
    );
  return { state, ask, clock };
}

describe("a source that is away", () => {
  it("is answered for with what it said last to the same question, and when", async () => {
    const { state, ask } = failing();
    const fresh = await ask("09:00:00", "10:00:00");
    state.error = away();
    const last = await ask("09:00:00", "10:00:00");
    expect(last).toEqual({ ...fresh, stale: true });
    expect(last.asOf).toBe("2026-03-01T10:00:00.000Z");
  });

  it("takes the newest hour for the same question as time goes on, but not an hour of the past", async () => {
    const { state, ask, clock } = failing();
    await ask("09:00:00", "10:00:00");
    await ask("06:00:00", "07:00:00");
    state.error = away();
    clock.go("10:30:00");
    expect((await ask("09:30:00", "10:30:00")).data.lines[0]?.values).toEqual([1]);
    expect((await ask("06:00:00", "07:00:00")).data.lines[0]?.values).toEqual([2]);
    await expect(ask("06:30:00", "07:30:00")).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
    await expect(ask("10:00:00", "10:30:00")).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
  });

  it("is named with the time since when it is away, where nothing is remembered", async () => {
    const { state, ask, clock } = failing();
    state.error = away();
    await expect(ask("09:00:00", "10:00:00")).rejects.toThrow();
    clock.go("10:05:00");
    await expect(ask("09:00:00", "10:05:00")).rejects.toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      message: expect.stringMatching(/Prometheus at http:\/\/metrics\.test .*since 2026-03-01T10:00:00.*refused/),
    });
    state.error = null;
    await ask("09:00:00", "10:05:00");
    state.error = new AppError("TIMEOUT", "too slow");
    clock.go("10:20:00");
    await expect(ask("08:00:00", "10:20:00")).rejects.toMatchObject({ details: { since: "2026-03-01T10:20:00.000Z" } });
  });

  it("is not meant when it refuses the question, or when the asker goes away", async () => {
    const { state, ask } = failing();
    await ask("09:00:00", "10:00:00");
    state.error = new AppError("INVALID", "parse error");
    await expect(ask("09:00:00", "10:00:00")).rejects.toMatchObject({ code: "INVALID" });
    state.error = new AppError("TIMEOUT", "given up");
    await expect(ask("09:00:00", "10:00:00", AbortSignal.abort())).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  it("remembers each question for itself", async () => {
    const { state, ask } = failing();
    await ask("09:00:00", "10:00:00");
    state.error = away();
    await expect(ask("09:00:00", "10:00:00", undefined, "down")).rejects.toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
    });
  });
});

describe("every question of the three ports", () => {
  const window = { from: at("09:00:00"), to: at("10:00:00") };
  const query = { window, stepSeconds: 60, limit: 5 };
  const filter = { terms: [] };
  /** asks all methods of a source, and again while it is away */
  const questions = {
    metrics: (source: MetricsSource) => [
      source.metrics({ limit: 5 }),
      source.labels({ metric: "a" }),
      source.labelValues({ metric: "a", label: "b", limit: 5 }),
      source.query({ ...query, metric: "a", filters: [], groupBy: [], fn: "last" }),
      source.promql?.({ ...query, expression: "a" }),
    ],
    logs: (source: LogSource) => [
      source.lines({ window, filter, order: "newest-first", limit: 5 }),
      source.counts({ window, filter, stepSeconds: 60 }),
      source.origins({ window }),
      source.around({ lineId: "a", before: 1, after: 1 }),
      source.patternCounts?.({ window, filter, stepSeconds: 60 }),
    ],
    traces: (source: TraceSource) => [
      source.list({ window, filter: {}, limit: 5 }),
      source.get("a"),
      source.services(window),
      source.operations({ service: "a", window }),
      source.edges?.({ window }),
      source.served?.({ window }),
    ],
  };
  /** whatever is called answers with its name, or not at all */
  const anything = (state: { away: boolean }) =>
    new Proxy({} as object, {
      get: (_, name) =>
        name === "info"
          ? info
          : async () => {
              if (state.away) throw away();
              return { data: name, source: info, asOf: at("10:00:00").toISOString(), stale: false };
            },
    });

  it.each([
    [
      "metrics",
      5,
      (made: object, options: Parameters<typeof cachedLogs>[1]) =>
        questions.metrics(cachedMetrics(made as MetricsSource, options)),
    ],
    [
      "logs",
      5,
      (made: object, options: Parameters<typeof cachedLogs>[1]) =>
        questions.logs(cachedLogs(made as LogSource, options)),
    ],
    [
      "traces",
      6,
      (made: object, options: Parameters<typeof cachedLogs>[1]) =>
        questions.traces(cachedTraces(made as TraceSource, options)),
    ],
  ] as const)("is remembered: %s", async (_, count, ask) => {
    const state = { away: false };
    const options = { memory: createAnswerMemory(), now: () => at("10:00:00") };
    const fresh = await Promise.all(ask(anything(state), options));
    state.away = true;
    const last = await Promise.all(ask(anything(state), options));
    expect(fresh).toHaveLength(count);
    expect(last).toEqual(fresh.map((answer) => ({ ...answer, stale: true })));
  });

  it("keeps what a source cannot do", () => {
    const options = { memory: createAnswerMemory() };
    const none = { info, promql: null, patternCounts: null, edges: null, served: null } as unknown;
    expect(cachedMetrics(none as MetricsSource, options).promql).toBeNull();
    expect(cachedLogs(none as LogSource, options).patternCounts).toBeNull();
    expect(cachedTraces(none as TraceSource, options)).toMatchObject({ edges: null, served: null });
  });
});

describe.skipIf(!isInstalled("prometheus"))(named("A Prometheus that is killed and comes back", "prometheus"), () => {
  const http = createOutboundClient({
    allow: [],
    deny: [],
    breaker: createCircuitBreaker({ failureThreshold: 2, openMs: 200 }),
  });
  afterAll(() => http.close());

  it("is remembered, then fresh again", async () => {
    const first = await startPrometheus({ targets: [] });
    const source = cachedMetrics(createPrometheusSource({ url: first.url, headers: {}, http }), {
      memory: createAnswerMemory(),
    });
    const ask = () => {
      const to = new Date();
      const window = { from: new Date(to.getTime() - 60_000), to };
      return source.promql?.({ expression: "vector(7)", window, stepSeconds: 30, limit: 1 });
    };
    const fresh = await ask();
    expect(fresh).toMatchObject({ stale: false, data: { lines: [{ values: [7, 7] }] } });
    await first.stop();
    for (let i = 0; i < 4; i++) expect(await ask()).toEqual({ ...fresh, stale: true });
    const second = await startPrometheus({ targets: [], port: Number(new URL(first.url).port) });
    await expect.poll(async () => (await ask())?.stale, { timeout: 10_000 }).toBe(false);
    await second.stop();
  });
});
