import type { Db, Tx } from "#server/db/client.ts";
import type { OperateAgentConfig } from "../config.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { HookRunner } from "../ports/hook-runner.ts";
import type { LiveFeed } from "../ports/live-feed.ts";
import type { Platform } from "../ports/platform.ts";
import type { ProcessWatch } from "../ports/process-watch.ts";
import type { TelemetrySources } from "../ports/telemetry-sources.ts";
import type { WorkflowQueue } from "../ports/workflow-queue.ts";
import type { Actor } from "./actor.ts";
import type { AppError } from "./errors.ts";
import type { ReaderBudget } from "./reader-budget.ts";

export type { Db, Tx };

export const CHANNELS = ["web", "api", "mcp", "script", "worker"] as const;
export type Channel = (typeof CHANNELS)[number];

/** What the process was built with: one per process, shared by all requests. */
export interface Runtime {
  config: OperateAgentConfig;
  db: Db;
  audit: AuditLog;
  live: LiveFeed;
  platform: Platform;
  /** who else of Operate answers; undefined in a process that serves nobody */
  processes?: ProcessWatch | undefined;
  workflows: WorkflowQueue;
  hooks: HookRunner;
  /** where metrics, logs and traces are read */
  telemetry: TelemetrySources;
  /** who asks is looked up on connections of its own, so that nobody's work keeps others from signing in */
  identity?: Pick<Runtime, "db" | "audit" | "now">;
  /** where the configuration came from; `sample` while the built-in shop runs because none was given */
  source: { file: string; text: string; sample: boolean };
  /** folder of the embedded database; undefined for a database elsewhere */
  databaseDir?: string | undefined;
  /** folder of what Operate writes itself; undefined in tests that write nothing */
  dataDir?: string | undefined;
  /** the clock; tests give their own */
  now: () => Date;
  /** a clock that nobody sets, in milliseconds; left out where `now` is made up */
  steadyMs?: () => number;
}

/** A runtime plus who asks, through what, under which request id. */
export interface AgentContext extends Runtime {
  actor: Actor;
  /** for the record; what an answer holds depends on `reader` */
  via: Channel;
  /** how much of an answer its reader takes in, as the transport says */
  reader: ReaderBudget;
  requestId: string;
  /** what the client calls its request: a stranger's word, kept beside ours and never in its place */
  clientRequestId?: string | undefined;
  /** who the same caller is now, or why nobody any more; absent in a process that acts for itself */
  recheck?: (() => Promise<Actor | AppError>) | undefined;
  /** a person whose password was handed over by someone else may only change it */
  mustChangePassword?: boolean | undefined;
  /** the person behind the actor, whose share of this process it uses; default: the actor itself */
  ownerId?: string;
}
