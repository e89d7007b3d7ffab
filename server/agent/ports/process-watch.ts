/** The processes that the web process shares the system with. */
export type WatchedProcess = "database" | "worker" | "collector" | "platform";

export interface MissingProcess {
  name: WatchedProcess;
  /** of the last sign of life, or when it was first asked for one */
  since: Date;
}

/** Knows who is missing by its own asking, so that no request waits for one that does not answer. */
export interface ProcessWatch {
  /** those that do not answer now; nothing of those that were not judged yet */
  missing(): readonly MissingProcess[];
}
