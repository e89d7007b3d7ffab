/** What acts, and limits that every act shares, for schemas and pages. */

/** What somebody may ask Operate to do to a service. */
export const ACTIONS = ["deploy"] as const;
export type Action = (typeof ACTIONS)[number];

/** characters of why something is done; a shorter reason to override says nothing */
export const LONGEST_REASON = 500;
export const SHORTEST_OVERRIDE_REASON = 5;
