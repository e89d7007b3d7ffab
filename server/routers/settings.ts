import { checkConfigText, viewConfig } from "../agent/settings/index.ts";
import { CheckConfigInput, CheckConfigOutput, ConfigView } from "../agent/settings/schema.ts";
import { procedure, router } from "./trpc.ts";

export const settingsRouter = router({
  config: procedure
    .meta({ permission: "settings.read" })
    .output(ConfigView)
    .query(({ ctx }) => viewConfig(ctx.agent)),
  checkConfig: procedure
    .meta({ permission: "settings.read", echoes: true })
    .input(CheckConfigInput)
    .output(CheckConfigOutput)
    .query(({ ctx, input }) => checkConfigText(ctx.agent, input)),
});
