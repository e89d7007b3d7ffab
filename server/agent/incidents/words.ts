/** Names and limits of incidents, for schemas and pages. */

export const INCIDENT_STATUSES = ["open", "acknowledged", "in_progress", "resolved", "closed"] as const;
export const UNRESOLVED = [
  "open",
  "acknowledged",
  "in_progress",
] as const satisfies readonly (typeof INCIDENT_STATUSES)[number][];
export const SEVERITIES = ["low", "medium", "high", "critical"] as const;

/** How the news of one that was opened looks. */
export const SEVERITY_LEVEL = { low: "info", medium: "warning", high: "warning", critical: "error" } as const;

/** characters */
export const LONGEST_TITLE = 200;
export const LONGEST_ASSIGNEE = 120;
/** of a description, a note, a resolution */
export const LONGEST_TEXT = 10_000;
/** entries of the timeline in one answer, the newest */
export const MOST_ENTRIES = 200;
