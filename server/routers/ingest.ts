import { ingestOverview, observedServices } from "../agent/ingest/index.ts";
import { IngestOverviewInput, IngestOverviewOutput, ObservedServicesOutput } from "../agent/ingest/schema.ts";
import { procedure, router } from "./trpc.ts";

export const ingestRouter = router({
  overview: procedure
    .meta({ permission: "telemetry.read" })
    .input(IngestOverviewInput)
    .output(IngestOverviewOutput)
    .query(({ ctx, input }) => ingestOverview(ctx.agent, input)),
  services: procedure
    .meta({ permission: "telemetry.read" })
    .output(ObservedServicesOutput)
    .query(({ ctx }) => observedServices(ctx.agent)),
});
