import type { WorkflowName } from "../workflow-names.ts";

/** Starts durable workflows of any capability by name; starting one twice is the same as once. */
export interface WorkflowQueue {
  /**
   * @param id of the record that the workflow is about
   * @throws UPSTREAM_UNAVAILABLE when the queue's database cannot be reached
   */
  start(workflow: WorkflowName, id: string): Promise<void>;
  /** wakes the running workflows of a record so that they look at it again at once; never fails for one that has ended */
  nudge(id: string): Promise<void>;
}
