import type { Actor } from "../../agent/kernel/actor.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import { newId } from "../../agent/kernel/ids.ts";
import { hashPassword, newOneTimePassword } from "../password/password.ts";
import { Email } from "../schema.ts";
import type { AuthRuntime } from "../sign-in/sign-in-hooks.ts";
import { replacePassword } from "./replace-password.ts";

const LOCAL: Actor = { kind: "system", id: "local", name: "someone at the machine itself", role: "admin" };

export interface LocalReset {
  email: string;
  oneTimePassword: string;
  sessionsEnded: number;
  revokedTokenCount: number;
  /** API tokens of the person that still work */
  keptTokenCount: number;
}

/** The address as it is stored. @throws INVALID for what is none: before anything is started to look for it */
export function assertAddress(typed: string): string {
  const email = Email.safeParse(typed).data;
  if (!email) throw new AppError("INVALID", "Give the e-mail address of the account, as ada@example.com.");
  return email;
}

/**
 * The way back for an administrator who lost the password: whoever may read the data directory may use it. Makes a
 * one-time password, lets the person sign in again, ends their sessions, and with `revokeTokens` revokes their API tokens;
 * audited.
 * @throws INVALID for what is no address, NOT_FOUND when nobody has it.
 */
export async function resetPasswordLocally(
  runtime: AuthRuntime,
  typed: string,
  { revokeTokens = false }: { revokeTokens?: boolean } = {},
): Promise<LocalReset> {
  const email = assertAddress(typed);
  const oneTimePassword = newOneTimePassword();
  const passwordHash = await hashPassword(oneTimePassword);
  const done = await runtime.db.$transaction(async (tx) => {
    const found = await tx.user.findUnique({ where: { email } });
    if (!found) throw new AppError("NOT_FOUND", `Nobody has the e-mail address ${email} here.`);
    const { ended } = await replacePassword(tx, found.id, passwordHash, { revokeTokens, at: runtime.now() });
    await tx.user.update({ where: { id: found.id }, data: { disabledAt: null } });
    await runtime.audit.record(
      tx,
      { actor: LOCAL, via: "script", requestId: newId("req") },
      {
        action: "user.reset_password_locally",
        target: { type: "user", id: found.id },
        before: { disabledAt: found.disabledAt },
        after: { ...ended, disabledAt: null },
      },
    );
    const working = { ownerId: found.id, revokedAt: null, expiresAt: { gt: runtime.now() } };
    return { ...ended, keptTokenCount: await tx.apiToken.count({ where: working }) };
  });
  return { email, oneTimePassword, ...done };
}
