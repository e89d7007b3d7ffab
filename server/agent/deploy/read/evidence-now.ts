import type { AgentContext } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import type { UsesPlatform } from "../../ports/platform.ts";
import { failedRequests, sumOutcomes, waitLimitMs } from "../../telemetry/outcomes.ts";
import { groupedCount } from "../../text/numbers.ts";
import { comparedRows } from "../analysis/collect.ts";
import type { DeploymentRow } from "../record/store.ts";
import type { AnalysisRow } from "../record/store-analyses.ts";
import type { EvidenceNow } from "../split-schema.ts";

/**
 * What has come since the judge compared last, for a question that it left to a person: the question's own words are
 * of that time. Null when nothing is asked, nothing was compared, or the platform cannot be reached.
 */
export async function evidenceNow(
  ctx: Pick<AgentContext, "db"> & UsesPlatform<"traffic">,
  deployment: Pick<DeploymentRow, "service" | "environment" | "version" | "previousVersion" | "waiting" | "options">,
  analyses: readonly Omit<AnalysisRow, "result">[],
): Promise<EvidenceNow | null> {
  const { waiting, options, version } = deployment;
  if (waiting?.kind !== "undecided") return null;
  const last = analyses.find((one) => one.stepIndex === waiting.stepIndex);
  if (!last || last.kind === "watch") return null;
  const rows = await rowsSince(ctx, deployment, last.kind, last.from.getTime());
  if (rows === null) return null;
  const [counts, before] = [sumOutcomes(rows.candidate), sumOutcomes(rows.baseline)];
  const failed = failedRequests(counts, waitLimitMs(counts, before));
  const { requests } = counts;
  const leastRequests = options.rules.analysis.minRequests;
  const enough =
    requests >= leastRequests ? "enough to compare" : `${groupedCount(leastRequests)} are enough to compare`;
  const again =
    last.kind === "step" ? "a retry of the step compares these and what comes" : "a retry of the step compares anew";
  return {
    ...{ comparedAt: last.at.toISOString(), since: last.from.toISOString(), requests, failed, leastRequests },
    sentence: `By now ${version} has had ${groupedCount(requests)} requests since that comparison began, ${groupedCount(failed)} failed: ${enough}, and ${again}`,
  };
}

async function rowsSince(
  ctx: Pick<AgentContext, "db"> & UsesPlatform<"traffic">,
  deployment: Parameters<typeof comparedRows>[1],
  kind: "step" | "hold",
  sinceMs: number,
) {
  try {
    return await comparedRows(ctx, deployment, kind, sinceMs);
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND")) return null;
    throw error;
  }
}
