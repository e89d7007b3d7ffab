import { cancelDeployment, deployApplication, getDeployment, listDeployments } from "../agent/deploy/index.ts";
import {
  CancelDeploymentInput,
  DeployApplicationInput,
  DeployApplicationOutput,
  DeploymentView,
  GetDeploymentInput,
  GetDeploymentOutput,
  ListDeploymentsInput,
  ListDeploymentsOutput,
} from "../agent/deploy/schema.ts";
import { procedure, router } from "./trpc.ts";

export const deployRouter = router({
  start: procedure
    .meta({
      permission: "deployment.write",
      mcp: {
        name: "deploy_application",
        title: "Deploy a version",
        description:
          "Start a rolling deployment of one version of a service to one environment: instances are replaced one after the other, each new one ready before an old one drains, and by default a failure rolls back and opens an incident. Returns at once with a handle; follow it with get_deployment until its status is succeeded, rolled_back, failed or cancelled. Pass dryRun true first to read the plan, the services that may feel it and how to undo it. Do not use it to restart a version that already runs (refused), nor while another deployment of that service and environment is active (refused with its id).",
        destructive: true,
        idempotent: false,
        openWorld: true,
      },
    })
    .input(DeployApplicationInput)
    .output(DeployApplicationOutput)
    .mutation(({ ctx, input }) => deployApplication(ctx.agent, input)),
  cancel: procedure
    .meta({ permission: "deployment.write" })
    .input(CancelDeploymentInput)
    .output(DeploymentView)
    .mutation(({ ctx, input }) => cancelDeployment(ctx.agent, input)),
  get: procedure
    .meta({
      permission: "deployment.read",
      mcp: {
        name: "get_deployment",
        title: "Follow a deployment",
        description:
          "The state of one deployment: status, what it does now or how it ended, its events oldest first, the service's instances and how many run the new version. Call it again every few seconds to follow a running one. When it failed, incidentId names the incident it opened.",
        destructive: false,
        idempotent: true,
        openWorld: true,
      },
    })
    .input(GetDeploymentInput)
    .output(GetDeploymentOutput)
    .query(({ ctx, input }) => getDeployment(ctx.agent, input)),
  list: procedure
    .meta({
      permission: "deployment.read",
      mcp: {
        name: "list_deployments",
        title: "List deployments",
        description:
          "Deployments, newest first, filtered by service, environment or status, page by page. Use it to see what changed before something broke, or to find a running one (status queued, running, rolling_back). For its steps use get_deployment.",
        destructive: false,
        idempotent: true,
        openWorld: false,
      },
    })
    .input(ListDeploymentsInput)
    .output(ListDeploymentsOutput)
    .query(({ ctx, input }) => listDeployments(ctx.agent, input)),
});
