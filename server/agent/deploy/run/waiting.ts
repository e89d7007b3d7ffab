import type { Question } from "./effects-record.ts";
import { type Run, readInbox, runClockMs } from "./run.ts";
import { type Answer, answerIn } from "./run-state.ts";

/** A nudge wakes it at once; this is how often it looks when none comes, less and less often in a wait of days. */
const LEAST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 60_000;

/** Asks a person and waits until one decides or the time is up. The deadline moves on by as much. */
export async function waitForDecision(run: Run, question: Question): Promise<Answer & { number: number }> {
  const { durable, effects, plan, state } = run;
  const number = state.asked;
  state.asked += 1;
  state.pause = null;
  if (question.kind === "failed") state.reported = true;
  const stored = await durable.step("ask", () => effects.ask(plan, number, question));
  // by the run's own clock: a person has this time, whatever happens to the wall clock
  const expiresAt = runClockMs(run, stored) + stored.expiresAt - stored.at;
  const asked = { at: expiresAt - question.timeoutSeconds * 1_000, expiresAt };
  const close = (answer: Answer) => {
    state.deadlineAt += Math.max(0, answer.at - asked.at);
    return { ...answer, number };
  };
  for (;;) {
    const inbox = await readInbox(run);
    const answer = answerIn(state, inbox, question.options);
    if (answer) return close(answer);
    if (inbox.at >= asked.expiresAt) {
      const expired = await durable.step("expire", () =>
        effects.expire(plan, number, state.readUpTo, question.options),
      );
      if (expired) return close({ decision: null, by: "nobody", reason: "", at: inbox.at });
      continue; // somebody decided at the last moment
    }
    const quiet = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, Math.round((inbox.at - asked.at) / 20)));
    await durable.wait(Math.min(quiet, Math.max(50, asked.expiresAt - inbox.at)));
  }
}
