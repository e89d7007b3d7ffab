import type { z } from "zod";
import { catalogOf } from "../catalog/catalog.ts";
import { deploymentStates } from "../deploy/index.ts";
import type { DeploymentStatus } from "../deploy/schema.ts";
import { listedNames, unknownEnvironment, unknownName } from "../kernel/allowed-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import { windowOf } from "../kernel/source-answer.ts";
import type { TimeWindow } from "../ports/source.ts";
import { listEvents } from "../timeline/index.ts";
import { grafanaHref } from "./grafana-link.ts";
import { measureBalancer } from "./measure-balancer.ts";
import { measureMetrics, servedDistance } from "./measure-metrics.ts";
import { measureSpans, SPAN_POINTS, SPAN_STEP_SECONDS } from "./measure-spans.ts";
import type { Measured, MeasuredRef } from "./measured.ts";
import { observedSliTemplate } from "./observed-sli-template.ts";
import type { ServiceSignalsInput, ServiceSignalsOutput } from "./schema.ts";
import { type Grid, gridBefore, gridOf, leastStep, partialOf, stepFor, windowOfGrid } from "./steps.ts";
import { SIGNALS } from "./words.ts";

/** the balancer's buckets are of 10 s; samples are seldom taken more often than every 15 s */
const BALANCER_STEP_SECONDS = 10;
const SAMPLED_STEP_SECONDS = 15;
const POINTS = 120;
/** the newest bucket may not have been collected yet */
const BALANCER_LAG_MS = 10_000;

/**
 * Requests, errors, latency, CPU, memory and saturation of a service under its SLI template, with the deployments of
 * the window. A signal that cannot be measured carries the reason. A service that is not configured is measured by what
 * it sends. @throws NOT_FOUND for one that is not known at all, INVALID for the window, and as the sources do
 */
export async function serviceSignals(
  ctx: AgentContext,
  input: z.output<typeof ServiceSignalsInput>,
): Promise<ServiceSignalsOutput> {
  authorize(ctx, "telemetry.read");
  const ref = { service: input.service, environment: input.environment };
  const window = windowOf(input);
  const template = await templateOf(ctx, ref, window);
  const grid = await gridFor(ctx, template, ref, window);
  const [measured, before, markers] = await Promise.all([
    measure(ctx, template, ref, grid),
    input.compareBefore ? measure(ctx, template, ref, gridBefore(grid)) : null,
    deploymentMarkers(ctx, ref, window),
  ]);
  const { grafanaUrl } = ctx.config.monitoringConfig;
  const { from, to } = windowOfGrid(grid);
  return {
    template,
    source: measured.source,
    stepSeconds: grid.stepSeconds,
    start: from.toISOString(),
    partial: partialOf(grid, window),
    signals: SIGNALS.map((signal) => {
      const { promql, ...rest } = measured.signals[signal];
      return {
        ...{ signal, ...rest },
        before: before?.signals[signal].values ?? null,
        grafanaHref:
          grafanaUrl && promql !== null ? grafanaHref(grafanaUrl, promql, from.getTime(), to.getTime()) : null,
      };
    }),
    markers,
  };
}

type Template = Awaited<ReturnType<typeof templateOf>>;

/** Operate runs the instances of local services, so that its balancer knows them without any metric. */
async function templateOf(ctx: AgentContext, { service, environment }: MeasuredRef, window: TimeWindow) {
  const catalog = catalogOf(ctx.config);
  const configured = catalog.service(service);
  if (configured && catalog.runsIn(service, environment)) return configured.telemetry?.template ?? "balancer";
  const observed = configured ? null : await observedSliTemplate(ctx, service, window);
  if (observed) return observed;
  if (!configured)
    throw unknownName({
      ...{ what: "service", given: service, allowed: catalog.serviceNames, intro: "Configured" },
      way: "In the window nothing arrived from one of that name either.",
    });
  const allowed = catalog.environmentsOf(service);
  if (environment !== undefined) throw unknownEnvironment(service, environment, allowed);
  throw new AppError("NOT_FOUND", `${service} needs an environment. It runs in ${listedNames(allowed)}.`, {
    details: { allowed },
  });
}

async function gridFor(ctx: AgentContext, template: Template, ref: MeasuredRef, window: TimeWindow): Promise<Grid> {
  const now = ctx.now();
  if (template === "spans") return gridOf(window, stepFor(window, SPAN_POINTS, SPAN_STEP_SECONDS), now);
  if (template !== "balancer") {
    const source = ctx.telemetry.metrics({ service: ref.service });
    const apart = await servedDistance(ctx, source, ref, template, window);
    return gridOf(window, leastStep(stepFor(window, POINTS, SAMPLED_STEP_SECONDS), apart), now);
  }
  const step = stepFor(window, POINTS, BALANCER_STEP_SECONDS);
  const inBuckets = step % BALANCER_STEP_SECONDS === 0 ? step : step * 2; // 15 s has no whole buckets
  return gridOf(window, inBuckets, new Date(now.getTime() - BALANCER_LAG_MS));
}

function measure(ctx: AgentContext, template: Template, ref: MeasuredRef, grid: Grid): Promise<Measured> {
  const { service } = ref;
  if (template === "balancer") return measureBalancer(ctx, { service, environment: ref.environment ?? "" }, grid);
  if (template === "spans") return measureSpans(ctx.telemetry.traces({ service }), ref, grid, ctx);
  return measureMetrics(ctx, ctx.telemetry.metrics({ service }), ref, template, grid);
}

const LEVELS: Partial<Record<DeploymentStatus, string>> = {
  succeeded: "ok",
  rolled_back: "error",
  failed: "error",
  paused: "warning",
  rolling_back: "warning",
  cancelled: "warning",
};

/** As many as a chart shows. */
const MARKERS = 100;

/** Where a deployment began, or was requested while it has not begun, by the version it puts out and how it stands now. */
async function deploymentMarkers(
  ctx: AgentContext,
  { service, environment }: MeasuredRef,
  { from, to }: TimeWindow,
): Promise<ServiceSignalsOutput["markers"]> {
  if (environment === undefined) return []; // only configured services are deployed
  authorize(ctx, "deployment.read");
  const { events } = await listEvents(ctx.db, {
    ...{ from, to, service, environment },
    kinds: ["deployment.requested", "deployment.started"],
    limit: 2 * MARKERS,
  });
  const states = await deploymentStates(
    ctx.db,
    events.map(({ subject }) => subject),
  );
  return events
    .flatMap(({ subject, kind, at, detail }) => {
      const state = states.get(subject);
      const isBeginning = kind === "deployment.started" || state?.startedAt === null;
      if (!state || !isBeginning || at >= to) return [];
      const level = LEVELS[state.status] ?? "info";
      return [{ at: at.toISOString(), label: detail.version, href: `/deployments/${subject}`, level }];
    })
    .slice(0, MARKERS)
    .reverse();
}
