import { actor } from "#server/testing/context.ts";
import { isIncidentDue } from "../../agent/incidents/index.ts";
import type { AgentContext } from "../../agent/kernel/context.ts";
import { FOR_PEOPLE } from "../../agent/kernel/reader-budget.ts";
import { auditLog } from "../../audit/record.ts";
import { configDir, loadConfig } from "../../config/load.ts";
import { createWorkflowQueue } from "../../durable/queue.ts";
import { createHookRunner } from "../../integrations/hooks/index.ts";
import { createOutboundClient } from "../../integrations/http/client.ts";
import { createLiveFeed } from "../../live/feed.ts";
import { createLogger } from "../../telemetry/log.ts";
import type { TestDatabase } from "../database.ts";
import { getDeployment } from "../deploy/get-deployment.ts";
import { FakeTelemetry } from "../doubles/fake-telemetry.ts";
import { eventually, type TestDaemon } from "../local-platform/daemon.ts";

export type Operations = AgentContext & { close(): Promise<void> };

/** What the web process would hold: everything real, and no part in carrying out what it starts. */
export function openOperations(database: TestDatabase, daemon: TestDaemon): Operations {
  const loaded = loadConfig(daemon.configFile);
  const live = createLiveFeed(database.db, database.url, createLogger("test"));
  const workflows = createWorkflowQueue(database.url);
  const http = createOutboundClient(loaded.config.outbound);
  return {
    config: loaded.config,
    source: { file: loaded.file, text: loaded.text, sample: false },
    db: database.db,
    audit: auditLog,
    live,
    platform: daemon.platform,
    workflows,
    hooks: createHookRunner({ configDir: configDir(loaded), http }),
    telemetry: new FakeTelemetry(),
    now: () => new Date(),
    actor: actor(),
    via: "web",
    reader: FOR_PEOPLE,
    requestId: "req_test",
    close: async () => {
      await live.close();
      await workflows.close();
      await http.close();
    },
  };
}

export type Followed = Awaited<ReturnType<typeof getDeployment>>;

/** Polls a deployment until `enough`; one that has ended, until the incident that it opened is there, too. */
export const follow = (
  ops: Operations,
  deploymentId: string,
  enough: (seen: Followed) => boolean = ({ deployment }) => deployment.finishedAt !== null,
  timeoutMs = 240_000,
): Promise<Followed> =>
  eventually(async () => {
    const seen = await getDeployment(ops, { deploymentId });
    if (!enough(seen) || seen.deployment.finishedAt === null) return enough(seen) && seen;
    return !(await isIncidentDue(ops.db, deploymentId)) && getDeployment(ops, { deploymentId });
  }, timeoutMs);
