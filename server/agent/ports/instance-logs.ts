import type { ServiceRef } from "./workloads.ts";

/** What instances write. */

export interface LogLine {
  at: string;
  stream: "stdout" | "stderr";
  text: string;
}

/** What one stream of one instance wrote since it was last asked for. */
export interface FollowedStream extends ServiceRef {
  instanceId: string;
  version: string;
  stream: LogLine["stream"];
  /** names the stream in `cursors` */
  name: string;
  /** oldest first; `at` is when the line was seen to be written, `cursor` where to go on behind it */
  lines: { at: string; text: string; cursor: string }[];
}

/** Reading everything that instances write. */
export interface LogFollower {
  /**
   * Whole lines behind the cursors, from every instance that runs or ended within the last quarter of an hour; from
   * its first kept line where there is no cursor. At most about `maxBytes`: `more` says that there is more already.
   */
  followLogs(input: {
    cursors: Readonly<Record<string, string>>;
    maxBytes: number;
  }): Promise<{ streams: FollowedStream[]; more: boolean }>;
}

/** What an adapter can. */
export interface InstanceLogCapabilities {
  /** the newest lines of one instance */
  tail: boolean;
  /** everything that is written, from where it was last read */
  follow: boolean;
}

/** Errors as `Workloads` has them. */
export interface InstanceLogs extends LogFollower {
  capabilities(): InstanceLogCapabilities;
  /** The newest lines, oldest first, at most `lines` (1…1000). */
  tailLogs(input: { instanceId: string; lines: number }): Promise<LogLine[]>;
}
