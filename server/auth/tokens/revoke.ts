import { AppError } from "../../agent/kernel/errors.ts";
import { defineWrite, performWrite, unchanged } from "../../agent/kernel/perform.ts";
import type { RevokeTokenInput, TokenView } from "../schema.ts";
import { ownerIdOf, toTokenView } from "./store.ts";

/**
 * Ends a token at once; revoking one that is revoked changes nothing. One's own, or anyone's for an administrator.
 * @throws NOT_FOUND also for another person's token, so that ids cannot be tried out.
 */
export const revokeToken = defineWrite("token.write", (ctx, input: RevokeTokenInput): Promise<{ token: TokenView }> => {
  const target = { type: "api_token", id: input.tokenId };
  const write = { action: "token.revoke", target, input } as const;
  return performWrite(ctx, write, async (tx) => {
    const before = await tx.apiToken.findUnique({ where: { id: input.tokenId }, include: { owner: true } });
    const allowed = before && (ctx.actor.role === "admin" || before.ownerId === (await ownerIdOf(ctx, tx)));
    if (!allowed) throw new AppError("NOT_FOUND", "You have no such API token. The list of tokens has yours.");
    if (before.revokedAt) return unchanged({ token: toTokenView(before, ctx.now()) });
    const revoked = await tx.apiToken.update({
      where: { id: before.id },
      data: { revokedAt: ctx.now() },
      include: { owner: true },
    });
    const token = toTokenView(revoked, ctx.now());
    return { result: { token }, target, before: toTokenView(before, ctx.now()), after: token };
  });
});
