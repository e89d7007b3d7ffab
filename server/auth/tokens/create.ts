import { AppError } from "../../agent/kernel/errors.ts";
import { newId } from "../../agent/kernel/ids.ts";
import { isOwnService, OWN_SERVICE } from "../../agent/kernel/own-service.ts";
import { defineWrite, performWrite } from "../../agent/kernel/perform.ts";
import { authorize } from "../../agent/kernel/permissions.ts";
import { lesserRole } from "../../agent/kernel/roles.ts";
import { onlyPeople } from "../only-people.ts";
import type { CreateTokenInput, TokenView } from "../schema.ts";
import { isReservedSender } from "../sender.ts";
import { newTokenSecret } from "./secret.ts";
import { toTokenView } from "./store.ts";

const DAY_MS = 86_400_000;

/**
 * An API token of the person who asks. `secret` is the token, which nothing can show again.
 * @throws FORBIDDEN for a role above one's own, for `ingest` without ingest.write, and for anyone but a person; INVALID
 * for services of a token that does more than ingest, for Operate itself among them, and for a name of Operate's own.
 */
export const createToken = defineWrite(
  "token.write",
  (ctx, input: CreateTokenInput): Promise<{ token: TokenView; secret: string }> => {
    const id = newId("tok");
    const target = { type: "api_token", id };
    const write = { action: "token.create", target, input } as const;
    return performWrite(ctx, write, async (tx) => {
      const { actor } = ctx;
      onlyPeople(ctx);
      if (input.role === "ingest") authorize(ctx, "ingest.write");
      if (lesserRole(input.role, actor.role) !== input.role)
        throw new AppError(
          "FORBIDDEN",
          `A token reaches at most as far as you: choose the role ${actor.role} or a lesser one.`,
        );
      if (isReservedSender(input.name))
        throw new AppError(
          "INVALID",
          `${input.name} is how Operate names its own senders of telemetry. Give the token another name.`,
        );
      const services = boundServices(input);
      const now = ctx.now();
      const { secret, hash, prefix } = newTokenSecret();
      const expiresAt = new Date(now.getTime() + input.expiresInDays * DAY_MS);
      const { name, role } = input;
      const row = { id, name, role, hash, prefix, ownerId: actor.id, createdAt: now, expiresAt, services };
      const token = toTokenView(await tx.apiToken.create({ data: row, include: { owner: true } }), now);
      return { result: { token, secret }, target, before: null, after: token };
    });
  },
);

function boundServices({ role, services = [] }: CreateTokenInput): string[] {
  if (services.length > 0 && role !== "ingest")
    throw new AppError("INVALID", "Only a token with the role ingest is bound to services: leave services out.");
  if (services.some(isOwnService))
    throw new AppError("INVALID", `Only Operate itself writes as ${OWN_SERVICE}: leave it out of services.`);
  return [...new Set(services)];
}
