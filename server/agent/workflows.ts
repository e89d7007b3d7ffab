import { deployWorkflows } from "./deploy/workflows.ts";
import type { Runtime } from "./kernel/context.ts";
import type { DurableWorkflow } from "./ports/durable.ts";
import type { WorkflowName } from "./workflow-names.ts";

/** What each workflow does. Only a worker loads it. A name without its workflow does not compile. */
export type Workflows = { [Name in WorkflowName]: DurableWorkflow<Name> };

export const allWorkflows = (runtime: Runtime): Workflows => ({ ...deployWorkflows(runtime) });
