import type { AgentContext } from "../agent/kernel/context.ts";
import { AppError } from "../agent/kernel/errors.ts";

/**
 * Accounts and tokens are made and changed by signed-in people only: a token that leaked must not make its successor
 * or an account for its thief. Called inside the write, so that the refusal is audited. @throws FORBIDDEN
 */
export function onlyPeople(ctx: AgentContext): void {
  if (ctx.actor.kind === "person") return;
  throw new AppError(
    "FORBIDDEN",
    "Only a signed-in person manages accounts and API tokens. Sign in to the console for it.",
  );
}
