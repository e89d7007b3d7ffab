import type { Runtime } from "../kernel/context.ts";
import type { DurableWorkflow } from "../ports/durable.ts";
import { abandonWatch, end } from "./record/record.ts";
import { listActiveIds, listWatching } from "./record/store.ts";
import { deploymentEffects } from "./run/deployment-effects.ts";
import { recoverDeployment, runDeployment } from "./run/workflow.ts";
import { runWatch, watchEffects } from "./watch/index.ts";
import type { DEPLOY_WORKFLOWS } from "./workflow-names.ts";

type DeployWorkflows = { [Name in keyof typeof DEPLOY_WORKFLOWS]: DurableWorkflow<Name> };

const BROKE =
  "Operate itself failed while it carried this out; the log has the details. What runs now is on the service's page.";

/** What the workflows of deployments do, and what becomes of a deployment whose workflow is missing or broke. */
export function deployWorkflows(runtime: Runtime): DeployWorkflows {
  const effects = deploymentEffects(runtime);
  const watching = watchEffects(runtime);
  return {
    deployment: {
      workflow: "deployment",
      subject: "deployment",
      run: (durable, id) => runDeployment(durable, effects, id),
      listUnfinished: (before) => listActiveIds(runtime.db, before),
      onBroken: { recoverBy: "recovery" },
    },
    watch: {
      workflow: "watch",
      subject: "deployment",
      run: (durable, id) => runWatch(durable, watching, id),
      listUnfinished: (before) => listWatching(runtime.db, before),
      onBroken: { close: (id) => abandonWatch(runtime, id) },
    },
    recovery: {
      workflow: "recovery",
      subject: "deployment",
      run: (durable, id) => recoverDeployment(durable, effects, id),
      onBroken: { close: (id) => end(runtime, id, "failed", BROKE) },
    },
  };
}
