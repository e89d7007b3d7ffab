import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Durable } from "../agent/deploy/index.ts";
import type { Lease } from "./lease.ts";
import { NUDGE_TOPIC } from "./names.ts";

/** A step whose effect fails is tried again for about four minutes; then the workflow fails and is closed by the sweep. */
const RETRY = { retriesAllowed: true, maxAttempts: 10, intervalSeconds: 0.5, backoffRate: 2 };

/** The durable procedure's footing on DBOS. Only inside a workflow. */
export const dbosDurable = (lease: Pick<Lease, "confirm">): Durable => ({
  step: (name, effect) =>
    DBOS.runStep(
      async () => {
        await lease.confirm();
        return effect();
      },
      { name, ...RETRY },
    ),
  wait: async (ms) => {
    await DBOS.recv(NUDGE_TOPIC, { timeoutSeconds: ms / 1_000, pollingIntervalMs: ms });
  },
});
