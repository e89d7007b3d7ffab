/** For a read that says how the system is: with one of them on the page all are read, so that no two contradict each other. */
export const READ_TOGETHER = { meta: { readTogether: true } } as const;
