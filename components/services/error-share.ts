/** Errors from here on are worth a colour, in percent; the promise itself is the SLO's business. */
const WORTH_SEEING_PERCENT = 1;

export const worthSeeing = (errorPercent: number | null): boolean => (errorPercent ?? 0) >= WORTH_SEEING_PERCENT;
