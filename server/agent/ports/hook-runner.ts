import type { Hook } from "../deploy/config.ts";

/** What a hook is told: in OPERATE_* variables of a command, in the JSON body of a request. */
export interface HookContext {
  deploymentId: string;
  service: string;
  environment: string;
  version: string;
  previousVersion: string | null;
  phase: "before" | "between" | "after";
  /** percent of the requests the new version has; null while it has no say in it */
  weight: number | null;
  /** the same for every try of one step, so that the other side can tell a repetition */
  key: string;
}

export interface HookAnswer {
  ok: boolean;
  /** `exit code 3`, `answered 503`, `not done within 30 s` */
  summary: string;
  durationMs: number;
  /** tries made */
  tries: number;
  /** the last 4,096 characters it printed or answered, redacted */
  output: string;
}

/** Runs a hook with its retries. Never throws for what the hook does; a refusal is an answer. */
export interface HookRunner {
  run(hook: Hook, context: HookContext): Promise<HookAnswer>;
}
