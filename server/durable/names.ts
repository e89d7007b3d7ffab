/** What worker and web must agree on. A changed flow gets a new workflow name; the old one stays until it is drained. */

export const APPLICATION = "operate";
/** fixed, so that a new build goes on with what an older one left; see the names for changed flows */
export const APPLICATION_VERSION = "operate-1";
export const QUEUE = "operations";
export const DEPLOYMENT_WORKFLOW = "deployment.v2";
export const WATCH_WORKFLOW = "deployment-watch.v1";
/** of the workflow that watches a deployment after its end */
export const watchWorkflowId = (deploymentId: string): string => `${deploymentId}:watch`;
/** topic of the messages that wake a waiting workflow */
export const NUDGE_TOPIC = "nudge";
