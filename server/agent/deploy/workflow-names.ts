/**
 * The durable workflows of deployments. Their names and ids are stored: a changed flow gets a new name, and the old one
 * stays until it is drained. Apart from what they do, so that whoever only starts them does not load that.
 */
export const DEPLOY_WORKFLOWS = {
  /** carries a deployment out */
  deployment: { name: "deployment.v2", idOf: (deploymentId: string) => deploymentId },
  /** looks after a deployment that ended well */
  watch: { name: "deployment-watch.v1", idOf: (deploymentId: string) => `${deploymentId}:watch` },
  /** goes back when the deployment's own workflow broke */
  recovery: { name: "deployment-recovery.v1", idOf: (deploymentId: string) => `${deploymentId}:recovery` },
} as const;
