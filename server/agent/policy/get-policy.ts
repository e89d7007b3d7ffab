import type { z } from "zod";
import { refuseUnknownFilter } from "../catalog/known-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import { freezesAt, nextFreeze } from "./freeze.ts";
import type { PolicyInput, PolicyOutput } from "./schema.ts";
import { listLocks } from "./store-locks.ts";

/** The locks and freeze windows that are in force now. @throws FORBIDDEN without deployment.read */
export async function getPolicy(
  ctx: AgentContext,
  { service, environment }: z.output<typeof PolicyInput>,
): Promise<z.output<typeof PolicyOutput>> {
  authorize(ctx, "deployment.read");
  await refuseUnknownFilter(ctx, { service, environment });
  const { freezeWindows } = ctx.config.deploymentConfig;
  const query = { service, environment, at: ctx.now() };
  const locks = await listLocks(ctx.db, { ...(service && { service }), ...(environment && { environment }) });
  const next = nextFreeze(freezeWindows, query);
  return {
    locks,
    freezes: freezesAt(freezeWindows, query).map(({ name, until, environments, services }) => ({
      ...{ name, environments, services },
      until: until.toISOString(),
    })),
    nextFreeze: next && { name: next.name, from: next.from.toISOString(), until: next.until.toISOString() },
  };
}
