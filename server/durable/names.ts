/** What worker and web must agree on beside the names of workflows (`server/agent/workflow-names.ts`). All of it is stored. */

export const APPLICATION = "operate";
/** fixed, so that a new build goes on with what an older one left; see the names for changed flows */
export const APPLICATION_VERSION = "operate-1";
export const QUEUE = "operations";
/** topic of the messages that wake a waiting workflow */
export const NUDGE_TOPIC = "nudge";
