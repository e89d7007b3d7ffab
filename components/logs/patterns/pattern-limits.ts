/** patterns of the first answer */
export const FIRST_PATTERNS = 50;
