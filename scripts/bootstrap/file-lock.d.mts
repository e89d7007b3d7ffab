import type { HolderElsewhere } from "./lock-holder.mjs";

export interface HeldLock {
  /** looks at once whether it still is this process's; false for ever after it was not */
  isHeld(): boolean;
  /** aborted, with a sentence's part as the reason, when it is not this process's any more */
  lost: AbortSignal;
  /** gives it back; one that names somebody else stays */
  release(): void;
}

export interface LockLimits {
  beatMs?: number;
  silentMs?: number;
}

export function takeLock(
  file: string,
  limits?: LockLimits,
): HeldLock | { holderPid: number; elsewhere?: HolderElsewhere };

export function discardLock(file: string, expected: string): void;
