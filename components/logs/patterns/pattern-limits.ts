/** patterns of the first answer, and the most that one answer has */
export const FIRST_PATTERNS = 50;
export const MOST_PATTERNS = 200;
