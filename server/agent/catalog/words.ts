/** Lengths of names in characters. */

/** configured ones have at most 40; what sends telemetry from elsewhere names itself */
export const LONGEST_SERVICE = 200;
export const LONGEST_ENVIRONMENT = 40;
