/** Names and limits of the audit log, for schemas and pages. */

export const OUTCOMES = ["done", "refused"] as const;
/** an action, or the start of one */
export const ACTION_FORM = "[a-z][a-z0-9_.]*";
/** characters */
export const LONGEST_TARGET_ID = 200;
