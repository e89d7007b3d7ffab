import { DEPLOY_WORKFLOWS } from "./deploy/workflow-names.ts";

/** Every durable workflow there is: its stored name, and its id for a record's id. Worker and web agree on them here. */
export const WORKFLOWS = { ...DEPLOY_WORKFLOWS };

export type WorkflowName = keyof typeof WORKFLOWS;
