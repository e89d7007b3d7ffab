import { setTimeout as delay } from "node:timers/promises";
import { DBOSClient } from "@dbos-inc/dbos-sdk";
import { AppError } from "../agent/kernel/errors.ts";
import type { WorkflowQueue } from "../agent/ports/workflow-queue.ts";
import { WORKFLOWS } from "../agent/workflow-names.ts";
import { dbosLogger } from "./dbos-log.ts";
import { APPLICATION, APPLICATION_VERSION, NUDGE_TOPIC, QUEUE } from "./names.ts";

/** The client itself would try for ever while the database is away. */
const PATIENCE_MS = 5_000;

/** Starts and wakes workflows that workers run. Connects on first use; a failed connection is tried again next time. */
export function createWorkflowQueue(url: string, patienceMs = PATIENCE_MS): WorkflowQueue & { close(): Promise<void> } {
  let connecting: Promise<DBOSClient> | undefined;
  const connect = () => {
    connecting ??= DBOSClient.create({
      systemDatabaseUrl: url,
      systemDatabasePoolSize: 2,
      applicationName: APPLICATION,
      logger: dbosLogger(),
    }).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  const reach = async <T>(work: (client: DBOSClient) => Promise<T>): Promise<T> => {
    const patience = new AbortController();
    try {
      const late = delay(patienceMs, undefined, { signal: patience.signal }).then(() => {
        throw new Error(`no answer within ${patienceMs} ms`);
      });
      return await Promise.race([connect().then(work), late]);
    } catch (cause) {
      throw new AppError(
        "UPSTREAM_UNAVAILABLE",
        "The workflow queue cannot be reached. It comes up with the worker; see that the worker and the database run.",
        { cause },
      );
    } finally {
      patience.abort();
    }
  };
  return {
    start: (workflow, id) =>
      reach(async (client) => {
        const { name: workflowName, idOf } = WORKFLOWS[workflow];
        const workflowID = idOf(id);
        await client.enqueue({ queueName: QUEUE, workflowName, workflowID, appVersion: APPLICATION_VERSION }, id);
      }),
    nudge: (id) =>
      reach(async (client) => {
        for (const { idOf } of Object.values(WORKFLOWS)) {
          const workflowId = idOf(id);
          const status = await client.retrieveWorkflow(workflowId).getStatus();
          if (status?.status === "PENDING" || status?.status === "ENQUEUED")
            await client.send(workflowId, "", NUDGE_TOPIC);
        }
      }),
    close: async () => {
      const client = await connecting;
      connecting = undefined;
      await client?.destroy();
    },
  };
}
