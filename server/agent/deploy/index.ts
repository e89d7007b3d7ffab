export { cancelDeployment } from "./cancel-deployment.ts";
export { deployApplication } from "./deploy-application.ts";
export type { Durable } from "./durable.ts";
export { deploymentEffects } from "./effects.ts";
export { getDeployment } from "./get-deployment.ts";
export { listDeployments } from "./list-deployments.ts";
export { end as endDeployment } from "./record.ts";
export { listActiveIds as listActiveDeployments } from "./store.ts";
export { runDeployment } from "./workflow.ts";
