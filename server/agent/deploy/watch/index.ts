import { MonotonicElapsed } from "../../kernel/clock.ts";
import type { Durable } from "../../ports/durable.ts";
import { lastPass } from "../analysis/next-action.ts";
import type { Judgement } from "../run/procedure.ts";
import type { WatchEffects, WatchPlan } from "./watch-effects.ts";

export { type WatchEffects, watchEffects } from "./watch-effects.ts";

/** one comparison that fails may be the weather; the next one tells */
const FAILURES_IN_A_ROW = 2;
/** judgements take minutes of traffic in: looking more often would see the same */
const INTERVALS = 3;
const LEAST_INTERVAL_MS = 10_000;
const LONGEST_LOOK_MS = 30_000;

/**
 * Watches over a deployment that went well: compares the new version's newest minutes with the old one's before, until
 * the time is up, somebody keeps it, or another deployment takes its place. Two failures in a row roll back, or ask; a
 * watch that found nothing out says so.
 */
export async function runWatch(durable: Durable, effects: WatchEffects, id: string): Promise<void> {
  const plan = await durable.step("begin watch", () => effects.begin(id));
  if (!plan) return;
  const { analysis } = plan.options.rules;
  const everyMs = Math.max(LEAST_INTERVAL_MS, analysis.intervalSeconds * 1_000 * INTERVALS);
  const clock = new MonotonicElapsed(plan.finishedAt);
  const watchMs = plan.until - plan.finishedAt;
  const longestWaitMs = plan.longestWaitMs ?? everyMs;
  let failures = 0;
  let dueAt = 0;
  const judgements: Judgement[] = [];
  for (;;) {
    const now = await durable.step("state", () => effects.state(id));
    if (!now.watching) return;
    const at = clock.observe(now);
    // a watch of a former release judges whenever it wakes: it waits the whole time at once
    if (plan.longestWaitMs !== undefined && at < Math.min(dueAt, watchMs)) {
      await durable.wait(Math.max(100, Math.min(longestWaitMs, dueAt - at, watchMs - at)));
      continue;
    }
    const judgement = { ...(await durable.step("judge", () => effects.judge(plan))), at };
    judgements.push(judgement);
    failures = judgement.verdict === "fail" ? failures + 1 : judgement.verdict === "pass" ? 0 : failures;
    if (failures >= FAILURES_IN_A_ROW) return regressed(durable, effects, plan, judgement.sentence);
    if (at >= watchMs) {
      const held = lastPass(judgements, analysis, everyMs);
      if (held) await durable.step("pass", () => effects.pass(plan, held.sentence));
      else await durable.step("undecided", () => effects.undecided(plan, judgement.sentence));
      return;
    }
    dueAt = at + everyMs;
    await durable.wait(Math.max(100, Math.min(longestWaitMs, everyMs, watchMs - at)));
  }
}

async function regressed(durable: Durable, effects: WatchEffects, plan: WatchPlan, sentence: string): Promise<void> {
  if (plan.options.rollbackOnFailure) {
    const ours = await durable.step("regress", () => effects.regress(plan, sentence));
    if (ours) await durable.step("roll back", () => effects.rollBack(plan, sentence));
    return;
  }
  await durable.step("ask", () => effects.ask(plan, sentence));
  const mostMs = plan.options.rules.decisionTimeoutSeconds * 1_000;
  let asked: { clock: MonotonicElapsed; leftMs: number } | null = null;
  for (;;) {
    const now = await durable.step("state", () => effects.state(plan.deploymentId));
    if (!now.watching || now.expiresAt === null) return;
    asked ??= { clock: new MonotonicElapsed(now.at), leftMs: Math.min(mostMs, now.expiresAt - now.at) };
    const leftMs = asked.leftMs - asked.clock.observe(now);
    if (leftMs <= 0) {
      const ours = await durable.step("regress", () => effects.regress(plan, sentence));
      if (ours) await durable.step("roll back", () => effects.rollBack(plan, `Nobody decided in time: ${sentence}`));
      return;
    }
    await durable.wait(Math.max(100, Math.min(LONGEST_LOOK_MS, leftMs)));
  }
}
