export interface HolderElsewhere {
  host: string;
  /** for how long this process has seen no sign of life */
  silentMs: number;
  /** whether this process has seen one */
  beats: boolean;
  alive: boolean;
}

export declare const BEAT_MS: number;
export declare const SILENT_MS: number;
export function currentPlace(): string;
export function directoryOf(path: string): string | null;
export function holderElsewhere(heldAt: string, file: string, silentLimitMs?: number): HolderElsewhere | null;
export function adviceOn(holder: Pick<HolderElsewhere, "host">): string;
export function beat(file: string): void;
