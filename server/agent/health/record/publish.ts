import type { Runtime, Tx } from "../../kernel/context.ts";

/** Tells browsers that one target changed, and with it the service it stands for. */
export async function publishTarget(
  runtime: Pick<Runtime, "live">,
  tx: Tx,
  target: { id: string; service: string | null; environment: string | null },
): Promise<void> {
  await runtime.live.publish(tx, "health", target.id);
  if (target.service) await runtime.live.publish(tx, "service", `${target.service}/${target.environment}`);
}
