import type { Runtime, Tx } from "../kernel/context.ts";

/** Tells browsers that an incident and the service it is about changed. */
export async function publishIncident(
  runtime: Pick<Runtime, "live">,
  tx: Tx,
  incident: { id: string; service: string | null; environment: string | null },
): Promise<void> {
  await runtime.live.publish(tx, "incident", incident.id);
  if (incident.service && incident.environment)
    await runtime.live.publish(tx, "service", `${incident.service}/${incident.environment}`);
}
