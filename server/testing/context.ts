import { type OperateAgentConfig, type OperateAgentConfigInput, OperateAgentConfigSchema } from "../agent/config.ts";
import type { Actor } from "../agent/kernel/actor.ts";
import type { AgentContext } from "../agent/kernel/context.ts";
import { newId } from "../agent/kernel/ids.ts";
import { FOR_MODELS, FOR_PEOPLE } from "../agent/kernel/reader-budget.ts";
import type { HookAnswer, HookContext } from "../agent/ports/hook-runner.ts";
import type { LiveTopic } from "../agent/ports/live-feed.ts";
import { auditLog } from "../audit/record.ts";
import type { TestDatabase } from "./database.ts";
import { FakePlatform } from "./doubles/fake-platform.ts";
import { FakeTelemetry } from "./doubles/fake-telemetry.ts";

/** An actor of a role; an administrator who is a person unless told otherwise. */
export const actor = (given: Partial<Actor> = {}): Actor => ({
  kind: "person",
  id: "usr_test",
  name: "Ada",
  role: "admin",
  ...given,
});

const version = (name: string) => ({ version: name, notes: "" });

/** Two services, checkout depending on payments, on staging and production. */
export const testConfig = (extra: OperateAgentConfigInput = {}): OperateAgentConfig =>
  OperateAgentConfigSchema.parse({
    services: ["payments", "checkout"].map((name) => ({
      name,
      owner: "shop",
      dependsOn: name === "checkout" ? ["payments"] : [],
      local: { command: ["node", "x.mjs", "{version}"], versions: ["1.0.0", "1.1.0", "1.2.0"].map(version) },
      environments: {
        staging: { instances: 1, initialVersion: "1.0.0" },
        production: { instances: 3, initialVersion: "1.0.0" },
      },
    })),
    ...extra,
  });

export interface TestContext extends AgentContext {
  platform: FakePlatform;
  /** what was published, in order */
  published: { topic: LiveTopic; subjectId: string | undefined }[];
  /** workflows started, `deployment:<id>` */
  started: string[];
  nudged: string[];
  /** hooks that ran, in order, and what each answers */
  hooksRun: { name: string; context: HookContext }[];
  hookAnswers: Record<string, Partial<HookAnswer>>;
}

/** A context on a real database with the real audit log; platform, live feed and queue record what they are told. */
export function testContext(database: TestDatabase, overrides: Partial<AgentContext> = {}): TestContext {
  const published: TestContext["published"] = [];
  const started: string[] = [];
  const nudged: string[] = [];
  const hooksRun: TestContext["hooksRun"] = [];
  const hookAnswers: TestContext["hookAnswers"] = {};
  const config = overrides.config ?? testConfig();
  return {
    config,
    db: database.db,
    audit: auditLog,
    live: {
      publish: async (_tx, topic, subjectId) => void published.push({ topic, subjectId }),
      newestId: async () => "0",
      follow: async function* () {},
    },
    workflows: {
      start: async (workflow, id) => void started.push(`${workflow}:${id}`),
      nudge: async (id) => void nudged.push(id),
    },
    hooks: {
      run: async (hook, context) => {
        hooksRun.push({ name: hook.name, context });
        return { ok: true, summary: "exit code 0", durationMs: 1, tries: 1, output: "", ...hookAnswers[hook.name] };
      },
    },
    telemetry: new FakeTelemetry(),
    source: { file: "/test/operate.config.yaml", text: "", sample: false },
    now: () => new Date(),
    actor: actor(),
    via: "web",
    reader: overrides.via === "mcp" ? FOR_MODELS : FOR_PEOPLE,
    requestId: newId("req"),
    ...overrides,
    platform: (overrides.platform as FakePlatform | undefined) ?? new FakePlatform(config),
    published,
    started,
    nudged,
    hooksRun,
    hookAnswers,
  };
}
