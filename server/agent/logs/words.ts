/** Names and limits of logs, for schemas and pages. */

export const PATTERN_TAGS = ["new", "emerging", "vanished", "burst", "pinned", "ignored"] as const;
export const ANOMALY_KINDS = ["new", "emerging", "vanished", "burst", "error-ratio", "broken-sequence"] as const;

/** characters */
export const LONGEST_QUERY = 1_000;
export const LONGEST_PATTERN_NAME = 120;
/** of a pattern in the title of what its alert does */
export const LONGEST_PATTERN_TITLE = 160;
/** of one answer */
export const MOST_PATTERNS = 200;
/** around a line, on each side */
export const MOST_LINES_AROUND = 200;
/** so many lines in so many minutes open an incident */
export const MOST_ALERT_LINES = 1_000_000;
export const MOST_ALERT_MINUTES = 60;
