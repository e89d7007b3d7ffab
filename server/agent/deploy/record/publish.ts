import type { Runtime, Tx } from "../../kernel/context.ts";

/** Tells browsers that a deployment and its service changed. */
export async function publishDeployment(
  runtime: Pick<Runtime, "live">,
  tx: Tx,
  deployment: { id: string; service: string; environment: string },
): Promise<void> {
  await runtime.live.publish(tx, "deployment", deployment.id);
  await runtime.live.publish(tx, "service", `${deployment.service}/${deployment.environment}`);
}
