/** Starts durable workflows by name. Starting the same id twice is the same as once. */
export interface WorkflowQueue {
  /** @throws UPSTREAM_UNAVAILABLE when the queue's database cannot be reached */
  start(workflow: "deployment", id: string): Promise<void>;
  /** wakes a running workflow so that it looks at its record again (a cancel request) at once; never fails for one that has ended */
  nudge(id: string): Promise<void>;
}
