import type { WorkflowName } from "../workflow-names.ts";

/**
 * What a durable procedure may lean on. The body runs again from the top after a crash, so everything it learns of the
 * outside, the time included, comes from a step, whose result is remembered.
 */
export interface Durable {
  /** Runs `effect` at least once and remembers its JSON-able result; effects are idempotent. */
  step<T>(name: string, effect: () => Promise<T>): Promise<T>;
  /** Waits; comes back early when somebody nudges the procedure to look again. */
  wait(ms: number): Promise<void>;
}

/** A workflow of a capability, as a worker registers and sweeps it. */
export interface DurableWorkflow<Name extends WorkflowName = WorkflowName> {
  workflow: Name;
  /** what its records are, for logs and traces: "deployment" */
  subject: string;
  run(durable: Durable, id: string): Promise<void>;
  /**
   * Ids of records for which it should run, those requested before a time: a younger one may still be on its way to the
   * queue. Left out where it is started by the sweep alone.
   */
  listUnfinished?(before: Date): Promise<string[]>;
  /** what happens when it ended and the record is still open: another workflow takes it up, or the record is closed */
  onBroken: { recoverBy: WorkflowName } | { close(id: string): Promise<unknown> };
}
