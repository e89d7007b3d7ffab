/** What worker and web must agree on. A changed flow gets a new workflow name; the old one stays until it is drained. */

export const APPLICATION = "operate";
/** fixed, so that a new build goes on with what an older one left; see the names for changed flows */
export const APPLICATION_VERSION = "operate-1";
export const QUEUE = "operations";
export const DEPLOYMENT_WORKFLOW = "deployment.v2";
export const WATCH_WORKFLOW = "deployment-watch.v1";
export const RECOVERY_WORKFLOW = "deployment-recovery.v1";
/** ids of the workflows beside the one that carries a deployment out, which has the deployment's own */
export const watchWorkflowId = (deploymentId: string): string => `${deploymentId}:watch`;
export const recoveryWorkflowId = (deploymentId: string): string => `${deploymentId}:recovery`;
/** topic of the messages that wake a waiting workflow */
export const NUDGE_TOPIC = "nudge";
