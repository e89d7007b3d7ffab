import { lockDeployment, patchDeployment } from "../../agent/deploy/record/store.ts";
import { insertDecision } from "../../agent/deploy/record/store-decisions.ts";
import { listSteps } from "../../agent/deploy/record/store-steps.ts";
import { platformEffects } from "../../agent/deploy/run/effects-platform.ts";
import { recordEffects } from "../../agent/deploy/run/effects-record.ts";
import type { Inspection } from "../../agent/deploy/run/inspection.ts";
import type { CheckInterrupt, PlannedStep, StepOutcome } from "../../agent/deploy/run/procedure.ts";
import type { DeploymentEffects } from "../../agent/deploy/run/run.ts";
import type { Decision } from "../../agent/deploy/schema.ts";
import type { AgentContext } from "../../agent/kernel/context.ts";
import type { Durable } from "../../agent/ports/durable.ts";

/** The deployment procedure without its engine and without its judge: durable steps in memory, verdicts from a script. */

export interface Clock {
  ms: number;
}

const asRemembered = <T>(value: T): T => JSON.parse(JSON.stringify(value ?? null));

export type Before = (step: string, count: number) => Promise<void> | void;

/** Waiting moves the clock; every effect runs twice, as after a crash between effect and its being remembered. */
export function rehearsal(clock: Clock, before: Before = () => {}): Durable & { steps: string[] } {
  const steps: string[] = [];
  return {
    steps,
    async step(name, effect) {
      steps.push(name);
      await before(name, steps.filter((one) => one === name).length);
      await effect();
      return asRemembered(await effect());
    },
    wait: async (ms) => {
      clock.ms += ms;
    },
  };
}

class Crash extends Error {}

/** Remembers what each step came to, and dies once after the effect of each step in `crashes`, before it is remembered. */
export class Tape implements Durable {
  readonly names: string[] = [];
  readonly #clock: Clock;
  readonly #results: unknown[] = [];
  #next = 0;
  readonly #crashes: Set<number>;
  readonly #before: Before;

  constructor(clock: Clock, crashes: Iterable<number> = [], before: Before = () => {}) {
    this.#clock = clock;
    this.#crashes = new Set(crashes);
    this.#before = before;
  }

  async step<T>(name: string, effect: () => Promise<T>): Promise<T> {
    const index = this.#next++;
    if (index < this.#results.length) {
      if (this.names[index] !== name) throw new Error(`step ${index} was ${this.names[index]}, and now is ${name}`);
      return asRemembered(this.#results[index]) as T;
    }
    await this.#before(name, this.names.filter((one) => one === name).length + 1);
    const value = asRemembered(await effect());
    if (this.#crashes.delete(index)) throw new Crash(`died after ${name}`);
    this.names.push(name);
    this.#results.push(value);
    return value;
  }

  wait(ms: number): Promise<void> {
    return this.step("wait", async () => {
      this.#clock.ms += ms;
    });
  }

  /** Runs a body from the top until it comes to its end. */
  async play(body: (durable: Durable) => Promise<void>): Promise<void> {
    for (;;) {
      this.#next = 0;
      try {
        return await body(this);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  }
}

export interface Inspected {
  step: PlannedStep;
  attempt: number;
  /** how often this attempt was looked at before */
  round: number;
}
/** What an inspection comes to; null: not known yet, ask again a second later. */
export type Script = (one: Inspected) => StepOutcome | null;

const passes: Script = () => ({ kind: "passed", note: "as good as the running version" });

type Input = Pick<Parameters<Inspection["hook"]>[2], "step" | "attempt" | "checkInterrupt">;

/** An inspection that says what the script says, and ends for whoever steps in. */
export function scripted(script: Script = passes): Inspection {
  const nobody: CheckInterrupt = async () => null;
  const inspect = async (durable: Durable, { checkInterrupt, ...input }: Input) => {
    for (let round = 0; ; round++) {
      const by = await checkInterrupt();
      if (by) return { kind: "interrupted", by } as const;
      const outcome = await durable.step("inspect", async () => script({ ...input, round }));
      if (outcome) return outcome;
      await durable.wait(1_000);
    }
  };
  return {
    analyse: (durable, _plan, input) => inspect(durable, input),
    hook: (durable, _plan, input) => inspect(durable, input),
    verify: (durable, _plan, input) => inspect(durable, { ...input, checkInterrupt: nobody }),
  };
}

/** The real effects on the record and on a platform in memory, with a scripted inspection. */
export const scriptedEffects = (ctx: AgentContext, script?: Script): DeploymentEffects => ({
  ...platformEffects(ctx),
  ...recordEffects(ctx),
  inspect: scripted(script),
});

/** Writes down a decision as decide_deployment does, without its rules. */
export async function decide(
  ctx: AgentContext,
  deploymentId: string,
  decision: Decision,
  scope: "step" | "all" = "step",
): Promise<void> {
  await ctx.db.$transaction(async (tx) => {
    const { waiting } = await lockDeployment(tx, deploymentId);
    const current = (await listSteps(tx, deploymentId)).find(({ status }) => status === "running");
    const stepIndex = waiting?.stepIndex ?? current?.index ?? null;
    const given = { deploymentId, decision, scope, stepIndex, waitingId: waiting?.id ?? null, reason: "" };
    await insertDecision(tx, given, ctx, ctx.now());
    if (decision === "abort") await patchDeployment(tx, deploymentId, { cancelRequested: true });
  });
}
