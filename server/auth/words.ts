/** Limits of identity in characters, for schemas and pages. */

export const MIN_PASSWORD = 12;
export const MAX_PASSWORD = 128;
export const LONGEST_PERSON_NAME = 100;
export const LONGEST_EMAIL = 200;
export const LONGEST_TOKEN_NAME = 80;
