/** The summary of a deployment that its watch took back begins so; one that could not be taken back says other words. */
export const ROLLED_BACK_BY_WATCH = "Succeeded, rolled back by its watch";
