import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Durable } from "../agent/ports/durable.ts";
import { inSpan } from "../agent/telemetry/span.ts";
import type { Lease } from "./lease.ts";
import { NUDGE_TOPIC } from "./names.ts";

/** A step whose effect fails is tried again for about four minutes; then the workflow fails and is closed by the sweep. */
const RETRY = { retriesAllowed: true, maxAttempts: 10, intervalSeconds: 0.5, backoffRate: 2 };

/** Steps that look again and again whether something has changed; few of them are worth a trace. */
const LOOKS = new Set(["look", "hear", "state"]);
const SHARE_OF_LOOKS = 0.05;

/** The durable procedure's footing on DBOS, only inside a workflow. Spans are named by `subject`. */
export const dbosDurable = (lease: Pick<Lease, "confirm">, subject: string): Durable => ({
  step: (name, effect) =>
    DBOS.runStep(
      async () => {
        await lease.confirm();
        const attributes = { "operate.workflow_id": DBOS.workflowID ?? "" };
        return inSpan(`${subject}: ${name}`, { attributes, share: LOOKS.has(name) ? SHARE_OF_LOOKS : 1 }, effect);
      },
      { name, ...RETRY },
    ),
  wait: async (ms) => {
    await DBOS.recv(NUDGE_TOPIC, { timeoutSeconds: ms / 1_000, pollingIntervalMs: ms });
  },
});
