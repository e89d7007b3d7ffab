/** Starts durable workflows by name. Starting the same id twice is the same as once. */
export interface WorkflowQueue {
  /** @throws UPSTREAM_UNAVAILABLE when the queue's database cannot be reached */
  start(workflow: "deployment" | "watch", id: string): Promise<void>;
  /** wakes the running workflows of a deployment so that they look at its record again at once; never fails for one that has ended */
  nudge(id: string): Promise<void>;
}
