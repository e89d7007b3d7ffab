import { getService, instanceLogs, listServices } from "../agent/services/index.ts";
import {
  GetServiceInput,
  GetServiceOutput,
  InstanceLogsInput,
  InstanceLogsOutput,
  ListServicesInput,
  ListServicesOutput,
} from "../agent/services/schema.ts";
import { procedure, router } from "./trpc.ts";

const READ = { destructive: false, idempotent: true, openWorld: true, outsideText: true };

export const servicesRouter = router({
  list: procedure
    .meta({
      permission: "service.read",
      mcp: {
        name: "list_services",
        title: "List services",
        description:
          "Start here. Every service per environment (null: only its telemetry tells of it), those whose users are hurt most first: health (the worst of its check, errors, p95 and waiting decisions; `reasons` has the numbers), running versions, ready instances, request rate, error share, p95 latency, open incident, running deployment; what changed in the last 6 h.",
        ...READ,
      },
    })
    .input(ListServicesInput)
    .output(ListServicesOutput)
    .query(({ ctx, input }) => listServices(ctx.agent, input)),
  get: procedure
    .meta({
      permission: "service.read",
      mcp: {
        name: "get_service",
        title: "Get one service",
        description:
          "One service in one environment: instances with state and reason, the versions that can be deployed, what it depends on and who uses it, and its traffic (request rate, error share, latency percentiles).",
        ...READ,
      },
    })
    .input(GetServiceInput)
    .output(GetServiceOutput)
    .query(({ ctx, input }) => getService(ctx.agent, input)),
  instanceLogs: procedure
    .meta({ permission: "service.read" })
    .input(InstanceLogsInput)
    .output(InstanceLogsOutput)
    .query(({ ctx, input }) => instanceLogs(ctx.agent, input)),
});
