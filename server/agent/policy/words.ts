/** Limits of the policy, for schemas and pages. */

/** characters; a shorter reason to lock says nothing */
export const SHORTEST_LOCK_REASON = 3;
