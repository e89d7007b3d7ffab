import {
  compareVersions,
  decideDeployment,
  deployApplication,
  deploymentDetail,
  deploymentFacets,
  deploymentSeries,
  deploymentStarts,
  doraMetrics,
  getDeployment,
  goodVersions,
  listDeployments,
  rollbackDeployment,
} from "../agent/deploy/index.ts";
import {
  CompareVersionsInput,
  CompareVersionsOutput,
  DecideDeploymentInput,
  DecideDeploymentOutput,
  DeployApplicationInput,
  DeployApplicationOutput,
  DeploymentDetailInput,
  DeploymentDetailOutput,
  DeploymentFacetsInput,
  DeploymentFacetsOutput,
  DeploymentSeriesOutput,
  DeploymentStartsInput,
  DeploymentStartsOutput,
  DoraInput,
  DoraOutput,
  GetDeploymentInput,
  GetDeploymentOutput,
  GoodVersionsOutput,
  ListDeploymentsInput,
  ListDeploymentsOutput,
  RollbackInput,
} from "../agent/deploy/schema.ts";
import { ServiceRefInput } from "../agent/kernel/schema.ts";
import { getPolicy, lockService, unlockService } from "../agent/policy/index.ts";
import { LockInput, LockView, PolicyInput, PolicyOutput, UnlockOutput } from "../agent/policy/schema.ts";
import { serviceStatus } from "../agent/services/index.ts";
import { untilEnded } from "./rights.ts";
import { paged, procedure, router, writes } from "./trpc.ts";

export const deployRouter = router({
  start: writes(deployApplication, {
    mcp: {
      name: "deploy_application",
      title: "Deploy a version",
      description:
        "Start a deployment of one version of a service to one environment and return its handle at once; follow it with get_deployment. Strategies: rolling replaces instances one by one; blue-green brings up a full new set, checks it and switches all requests at once; canary sends a growing share of requests to the new version and judges it after each step. By default a failure rolls back and opens an incident. Pass dryRun true first: it returns the plan (steps, expected time, services that may feel it, warnings) and starts nothing. Refused: a version that runs everywhere already, a second deployment while one is active (with its id), a lock, a freeze window, a version that has not passed where it must first. To go back to an earlier version use decide_deployment with rollback on the deployment that brought the present one.",
      destructive: true,
      idempotent: false,
      openWorld: true,
      outsideText: true,
    },
  })
    .input(DeployApplicationInput)
    .output(DeployApplicationOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
  decide: writes(decideDeployment, {
    mcp: {
      name: "decide_deployment",
      title: "Decide how a deployment goes on",
      description:
        "Answer a deployment that waits for a decision (deployment.waiting of get_deployment says why, until when, and which options it accepts), or step in while it runs: pause, resume, promote past the judge, rollback, abort. rollback also works on one that has ended and whose version still runs: it starts a rollback to the last version known to be good and returns it as started. Do not promote what the judge failed without reading its reason; when in doubt roll back. Refused when somebody else was first, with who decided what. Repeating your own decision changes nothing.",
      destructive: true,
      idempotent: true,
      openWorld: true,
      outsideText: true,
    },
  })
    .input(DecideDeploymentInput)
    .output(DecideDeploymentOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
  rollback: writes(rollbackDeployment)
    .input(RollbackInput)
    .output(DeployApplicationOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
  get: procedure
    .meta({
      permission: "deployment.read",
      waitsBy: "followSeconds",
      mcp: {
        name: "get_deployment",
        title: "Follow a deployment",
        description:
          "The state of one deployment: status, what it does now or how it ended, its steps, the judge's verdicts with the sentence that says why, who decided what, its newest events, instances, and how requests and errors are split between the two versions. To follow a running one pass followSeconds (30 is good): it answers at the next change of step, status or question, so call it again until status is succeeded, rolled_back, failed or cancelled. When waiting is set a decision is needed: see decide_deployment.",
        destructive: false,
        idempotent: true,
        openWorld: true,
        outsideText: true,
        maxSeconds: 60,
      },
    })
    .input(GetDeploymentInput)
    .output(GetDeploymentOutput)
    .query(({ ctx, input, signal }) =>
      getDeployment(ctx.agent, input, serviceStatus, { signal: untilEnded(ctx, signal), progress: ctx.progress }),
    ),
  detail: procedure
    .meta({ permission: "deployment.read" })
    .input(DeploymentDetailInput)
    .output(DeploymentDetailOutput)
    .query(({ ctx, input }) => deploymentDetail(ctx.agent, input)),
  series: procedure
    .meta({ permission: "deployment.read" })
    .input(DeploymentDetailInput)
    .output(DeploymentSeriesOutput)
    .query(({ ctx, input }) => deploymentSeries(ctx.agent, input)),
  list: procedure
    .meta({
      permission: "deployment.read",
      mcp: {
        name: "list_deployments",
        title: "List deployments",
        description:
          "Deployments and rollbacks, newest first, filtered by service, environment, status, strategy or kind, page by page. Use it to see what changed before something broke, or to find one that runs or waits (status queued, running, paused, rolling_back). For its steps use get_deployment; for how two versions differ use compare_versions.",
        destructive: false,
        idempotent: true,
        openWorld: false,
        outsideText: true,
      },
    })
    .input(ListDeploymentsInput)
    .use(paged)
    .output(ListDeploymentsOutput)
    .query(({ ctx, input }) => listDeployments(ctx.agent, input)),
  facets: procedure
    .meta({ permission: "deployment.read" })
    .input(DeploymentFacetsInput)
    .output(DeploymentFacetsOutput)
    .query(({ ctx, input }) => deploymentFacets(ctx.agent, input)),
  starts: procedure
    .meta({ permission: "deployment.read" })
    .input(DeploymentStartsInput)
    .output(DeploymentStartsOutput)
    .query(({ ctx, input }) => deploymentStarts(ctx.agent, input)),
  goodVersions: procedure
    .meta({ permission: "deployment.read" })
    .input(ServiceRefInput)
    .output(GoodVersionsOutput)
    .query(({ ctx, input }) => goodVersions(ctx.agent, input)),
  compare: procedure
    .meta({
      permission: "deployment.read",
      mcp: {
        name: "compare_versions",
        title: "Compare two versions",
        description:
          "How two versions of a service differ in what was measured: error ratio, latency p50, p95 and p99, requests, CPU and memory, each with the difference, how sure it is, and a sentence. Without names it compares the newest version with the one before it. Use it to say whether a version is better or worse, during a canary or afterwards. When sameMinutes is false the two served at different times, so a difference may come from the hour and not from the version.",
        destructive: false,
        idempotent: true,
        openWorld: false,
        outsideText: true,
      },
    })
    .input(CompareVersionsInput)
    .output(CompareVersionsOutput)
    .query(({ ctx, input }) => compareVersions(ctx.agent, input)),
  dora: procedure
    .meta({ permission: "deployment.read" })
    .input(DoraInput)
    .output(DoraOutput)
    .query(({ ctx, input }) => doraMetrics(ctx.agent, input)),
  policy: procedure
    .meta({ permission: "deployment.read" })
    .input(PolicyInput)
    .output(PolicyOutput)
    .query(({ ctx, input }) => getPolicy(ctx.agent, input)),
  lock: writes(lockService)
    .input(LockInput)
    .output(LockView)
    .mutation(({ ctx, input }) => ctx.write(input)),
  unlock: writes(unlockService)
    .input(ServiceRefInput)
    .output(UnlockOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
});
