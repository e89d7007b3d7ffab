/** One name for a call between two; apart from the layout, so that a table need not load it. */
export const edgeKey = ({ from, to }: { from: string; to: string }): string => JSON.stringify([from, to]);
