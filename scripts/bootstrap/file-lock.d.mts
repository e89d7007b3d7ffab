export function takeLock(file: string): { release(): void } | { holderPid: number };
