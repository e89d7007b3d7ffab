import { createHash, timingSafeEqual } from "node:crypto";
import { AppError } from "../agent/kernel/errors.ts";
import { newId } from "../agent/kernel/ids.ts";
import { hashPassword } from "./password/password.ts";
import { refuseTrivialPassword } from "./password/trivial-password.ts";
import type { SetupInput, UserView } from "./schema.ts";
import { countAttempt } from "./sign-in/attempt-limit.ts";
import type { AuthRuntime } from "./sign-in/sign-in-hooks.ts";
import { insertUser, lockAdministrators, toUserView } from "./users/store.ts";

/** wrong tokens from one address; nobody elsewhere, and no right token, is refused for them */
const WRONG_TOKENS = { max: 20, windowMs: 10 * 60_000 };
const sha256 = (text: string) => createHash("sha256").update(text).digest();

/** True while nobody can sign in. */
export const setupNeeded = async (runtime: AuthRuntime): Promise<boolean> =>
  (await runtime.db.user.findFirst({ select: { id: true } })) === null;

/**
 * The first administrator, once: needs the one-time token Operate was started with and an empty user table. Holding a
 * lock, so that of several callers one makes the user and the others are told that set-up is done.
 * @throws PRECONDITION when set-up is done or no link is active, FORBIDDEN for a wrong token, RATE_LIMITED.
 */
export async function createFirstAdmin(
  runtime: AuthRuntime,
  input: SetupInput,
  request: { expectedToken: string | undefined; requestId: string; address: string },
): Promise<UserView> {
  if (!(await setupNeeded(runtime))) throw done();
  if (!isRightToken(request.expectedToken, input.token)) await refuseWrongToken(runtime, request.address);
  refuseTrivialPassword(input.password, input);
  const passwordHash = await hashPassword(input.password);
  return runtime.db.$transaction(async (tx) => {
    await lockAdministrators(tx);
    if ((await tx.user.count()) > 0) throw done();
    const user = await insertUser(tx, {
      ...input,
      id: newId("usr"),
      role: "admin",
      passwordHash,
      mustChangePassword: false,
    });
    const actor = { kind: "person", id: user.id, name: user.name, role: "admin" } as const;
    await runtime.audit.record(
      tx,
      { actor, via: "web", requestId: request.requestId },
      { action: "user.create_first", target: { type: "user", id: user.id }, after: toUserView(user) },
    );
    return toUserView(user);
  });
}

const done = () =>
  new AppError("PRECONDITION", "Operate is set up already, so this link no longer works. Sign in instead.");

/** @throws PRECONDITION while no link is active */
function isRightToken(expected: string | undefined, given: string): boolean {
  if (!expected || expected.length < 24)
    throw new AppError("PRECONDITION", "No set-up link is active. Restart Operate: it prints a new one.");
  return timingSafeEqual(sha256(expected), sha256(given));
}

async function refuseWrongToken({ db, now }: AuthRuntime, address: string): Promise<never> {
  const { allowed } = await countAttempt(db, "setup", address, WRONG_TOKENS, now());
  if (!allowed)
    throw new AppError(
      "RATE_LIMITED",
      "Too many wrong set-up links from this address. Use the link from the latest start of Operate.",
    );
  throw new AppError(
    "FORBIDDEN",
    "This set-up link is not the current one. Use the link from the latest start of Operate.",
  );
}
