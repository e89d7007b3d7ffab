import type { z } from "zod";
import type { AgentContext, Db } from "../../kernel/context.ts";
import { authorize } from "../../kernel/permissions.ts";
import { windowOf } from "../../kernel/source-answer.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { listEvents } from "../../timeline/index.ts";
import { statesOf } from "../record/store-reads.ts";
import type { DeploymentStartsInput, DeploymentStartsOutput } from "../schema.ts";

/** When a version began to be rolled out. */
export interface DeploymentStart extends ServiceRef {
  id: string;
  version: string;
  startedMs: number;
  /** null: it is under way */
  finishedMs: number | null;
  isRollback: boolean;
}

const MOST = 1_000;

/** What was started from `from` to `to`, both included, the newest first; `isCut`: there were more than 1,000. */
export async function listDeploymentStarts(
  db: Db,
  window: { from: Date; to: Date } & Partial<Record<keyof ServiceRef, string | undefined>>,
): Promise<{ starts: DeploymentStart[]; isCut: boolean }> {
  const { events, isCut } = await listEvents(db, { ...window, kinds: ["deployment.started"], limit: MOST });
  const states = await statesOf(
    db,
    events.map(({ subject }) => subject),
  );
  const starts = events.flatMap(({ subject: id, service, environment, at, detail }): DeploymentStart[] => {
    const state = states.get(id);
    if (!state) return [];
    const [startedMs, finishedMs] = [at.getTime(), state.finishedAt?.getTime() ?? null];
    const { version, kind } = detail;
    return [{ id, service, environment, version, startedMs, finishedMs, isRollback: kind === "rollback" }];
  });
  return { starts, isCut };
}

/** The deployments that began in a window, oldest first, for charts. @throws FORBIDDEN, INVALID for the window */
export async function deploymentStarts(
  ctx: AgentContext,
  input: z.output<typeof DeploymentStartsInput>,
): Promise<z.infer<typeof DeploymentStartsOutput>> {
  authorize(ctx, "deployment.read");
  const { service, environment } = input;
  const { starts, isCut } = await listDeploymentStarts(ctx.db, { ...windowOf(input), service, environment });
  return {
    truncated: isCut,
    starts: starts.reverse().map(({ id, service, environment, version, startedMs }) => ({
      ...{ id, service, environment, version, at: new Date(startedMs).toISOString() },
    })),
  };
}
