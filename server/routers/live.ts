import { tracked } from "@trpc/server";
import { z } from "zod";
import { shutdown } from "../shutdown.ts";
import { untilEnded } from "./rights.ts";
import { procedure, router } from "./trpc.ts";

/** One multiplexed subscription a tab: hints of what to re-read, resumed by the last event's id. */
export const liveRouter = router({
  events: procedure
    .meta({ permission: "service.read" })
    .input(z.object({ lastEventId: z.string().max(40).nullish() }).optional())
    .subscription(async function* ({ ctx, input, signal }) {
      const ended = AbortSignal.any([shutdown.signal, untilEnded(ctx, signal)]);
      for await (const hint of ctx.agent.live.follow({ lastEventId: input?.lastEventId, signal: ended }))
        yield tracked(hint.id, hint);
    }),
});
