import type { z } from "zod";
import { catalogOf } from "../catalog/catalog.ts";
import { DISK_KEY, type JudgedTarget, judgedKey, monitorTargets } from "../health/index.ts";
import type { MonitorHealthInput, MonitorHealthOutput } from "../health/schema.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import { diskLevel, diskSentence, isDiskFull } from "../kernel/storage/disk.ts";
import { diskNow, fullDiskSentence } from "../kernel/storage/storage-failure.ts";
import { worstState } from "./judge-service.ts";
import { judgedTarget } from "./judged-target.ts";
import { missingProcesses } from "./missing-processes.ts";
import { isPlatformDown, silenceSentence } from "./platform-view.ts";
import { isAilment } from "./rank.ts";
import type { ServiceRow } from "./schema.ts";
import { serviceRows } from "./service-rows.ts";

/**
 * The present state of everything that is checked, worst first: services by the same judgement as the list of services
 * shows, endpoints by their check; and what is wrong with services that nobody checks. Reads what is known; asks nothing
 * itself.
 */
export async function monitorHealth(
  ctx: AgentContext,
  input: z.infer<typeof MonitorHealthInput>,
): Promise<MonitorHealthOutput> {
  authorize(ctx, "health.read");
  const { service, environment } = input;
  const { rows, platform, unseen, silent } = await serviceRows(ctx, { service, environment });
  const unchecked = rows.filter((row) => row.origin === "observed" && isAilment(row.health));
  const judged = rows
    .filter(({ origin }) => origin !== "observed")
    .map((row): [string, JudgedTarget] => [judgedKey(row.service, row.environment ?? ""), judgedTarget(row)]);
  const targets = await monitorTargets(ctx, input, new Map([...judged, ...diskJudged()]));
  const told = unchecked.length === 0 ? targets : withUnchecked(targets, unchecked);
  // a service of the configuration is judged without telemetry: who tells of others does not count for it
  const isOfOne = service !== undefined && judged.length > 0;
  const seen = unseen === null || isOfOne ? told : withUnseen(told, unseen, silent);
  const missing = missingProcesses(ctx).filter(({ name }) => !isOfOne || name === "worker");
  const found = withMissing(seen, missing);
  const silence = silenceSentence(platform);
  if (silence === null || catalogOf(ctx.config).services.length === 0) return found;
  // the platform carries the requests of every service: while it is silent nothing is known to be up
  const overall = worstState([found.overall, isPlatformDown(platform, ctx.now()) ? "down" : "unknown"]);
  return { ...found, overall, summary: `${silence}. ${found.summary}`, unknown: ["the platform", ...found.unknown] };
}

/** What of services that nobody checks is not known; a source that is away leaves nothing known to be up. */
const withUnseen = (targets: MonitorHealthOutput, unseen: string, silent: readonly string[]): MonitorHealthOutput => ({
  ...targets,
  overall: worstState([targets.overall, ...(silent.length > 0 ? (["unknown"] as const) : [])]),
  summary: `${targets.summary} ${unseen}.`,
  unknown: [...targets.unknown, ...silent],
});

/** Without a worker nothing is checked, and without the collector nothing is told: then nothing is known to be up. */
const withMissing = (
  targets: MonitorHealthOutput,
  missing: ReturnType<typeof missingProcesses>,
): MonitorHealthOutput =>
  missing.length === 0
    ? targets
    : {
        ...targets,
        overall: worstState([targets.overall, "unknown"]),
        summary: `${missing.map(({ sentence }) => sentence).join(". ")}. ${targets.summary}`,
        unknown: [...missing.map(({ name }) => `the ${name}`), ...targets.unknown],
      };

const MOST_NAMED = 3;

/** The same judgement as the list of services gives: a service that only its telemetry tells of is never overlooked. */
function withUnchecked(targets: MonitorHealthOutput, unchecked: readonly ServiceRow[]): MonitorHealthOutput {
  const told = unchecked.slice(0, MOST_NAMED).map(({ service, health, healthMessage }) => {
    const why = healthMessage ? `: ${healthMessage}` : "";
    return `${service} is ${health}${why}`;
  });
  const more = unchecked.length - told.length;
  const words = [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
  return {
    ...targets,
    overall: worstState([targets.overall, ...unchecked.map(({ health }) => health)]),
    summary: `${targets.summary} Not checked, by telemetry: ${words}.`,
  };
}

/** The disk as it is at this moment; nothing while it is well, when its check has the word. */
function diskJudged(): [string, JudgedTarget][] {
  const disk = diskNow();
  const level = disk && diskLevel(disk);
  if (!disk || level === "ok") return [];
  const message = isDiskFull(disk) ? fullDiskSentence(disk) : diskSentence(disk);
  return [
    [
      DISK_KEY,
      { state: level === "full" ? "down" : "degraded", message, since: null, causedBy: null, figures: message },
    ],
  ];
}
