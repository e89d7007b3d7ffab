/**
 * Starts durable workflows by name; starting one twice is the same as once. deployment: carries it out · watch: looks
 * after it when it has ended well · recovery: goes back when its own workflow broke
 */
export interface WorkflowQueue {
  /** @throws UPSTREAM_UNAVAILABLE when the queue's database cannot be reached */
  start(workflow: "deployment" | "watch" | "recovery", deploymentId: string): Promise<void>;
  /** wakes the running workflows of a deployment so that they look at its record again at once; never fails for one that has ended */
  nudge(id: string): Promise<void>;
}
