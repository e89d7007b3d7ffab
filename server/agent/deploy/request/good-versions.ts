import type { z } from "zod";
import { catalogOf } from "../../catalog/catalog.ts";
import type { OperateAgentConfig } from "../../config.ts";
import type { AgentContext, Db } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { authorize } from "../../kernel/permissions.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { listProven, type Proven } from "../record/store-reads.ts";
import type { GoodVersionsOutput } from "../schema.ts";

export type GoodVersion = z.infer<typeof GoodVersionsOutput>["items"][number];

const MOST = 10;

/**
 * Versions that served well, newest first: their deployment succeeded, nothing was found under the watch, and it was
 * not rolled back. Then the version of the very first start, which nobody deployed. Pure.
 */
export function goodVersionsOf(
  proven: readonly Proven[],
  { configured, initial, current }: { configured: readonly string[]; initial: string | null; current: string | null },
): GoodVersion[] {
  const good = new Map<string, Omit<GoodVersion, "lastKnownGood">>();
  const bad = new Set<string>();
  // newest first: what became of a version last is what counts
  for (const { id, version, finishedAt, good: isGood } of proven) {
    if (good.has(version) || bad.has(version)) continue;
    if (isGood) good.set(version, { version, provenAt: finishedAt?.toISOString() ?? null, deploymentId: id });
    else bad.add(version);
  }
  if (initial !== null && !bad.has(initial) && !good.has(initial))
    good.set(initial, { version: initial, provenAt: null, deploymentId: null });
  return [...good.values()]
    .filter(({ version }) => version !== current && configured.includes(version))
    .slice(0, MOST)
    .map((one, i) => ({ ...one, lastKnownGood: i === 0 }));
}

/** The same for one service in one environment, from the record. */
export async function listGoodVersions(
  db: Db,
  config: OperateAgentConfig,
  { service, environment }: ServiceRef,
  current: string | null,
): Promise<GoodVersion[]> {
  const catalog = catalogOf(config);
  return goodVersionsOf(await listProven(db, { service, environment }), {
    configured: catalog.versionsOf(service).map((one) => one.version),
    initial: catalog.settingsIn(service, environment)?.initialVersion ?? null,
    current,
  });
}

/** What may be gone back to. @throws FORBIDDEN without deployment.read, NOT_FOUND */
export async function goodVersions(ctx: AgentContext, input: ServiceRef): Promise<z.infer<typeof GoodVersionsOutput>> {
  authorize(ctx, "deployment.read");
  catalogOf(ctx.config).getService(input);
  const current = await currentVersionOf(ctx, input);
  return { current, items: await listGoodVersions(ctx.db, ctx.config, input, current) };
}

/** Null when the platform cannot be reached. */
export async function currentVersionOf(ctx: AgentContext, ref: ServiceRef): Promise<string | null> {
  try {
    return (await ctx.platform.workloads.getService(ref)).currentVersion;
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND")) return null;
    throw error;
  }
}
