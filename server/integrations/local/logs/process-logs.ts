import { join } from "node:path";
import type { FollowedStream, LogFollower } from "../../../agent/ports/instance-logs.ts";
import type { ServiceRef } from "../../../agent/ports/workloads.ts";
import { MOST_PER_STREAM, readOn } from "./read-on.ts";

interface Options extends ServiceRef {
  /** where the supervisor keeps what processes print: `<name>.log`, and what it held before in `<name>.log.1` */
  folder: string;
  /** names of the processes */
  processes: readonly string[];
}

/** Operate's own processes as instances of one service: their logs, read on from wherever the caller got to. */
export const createProcessLogFollower = ({ folder, processes, service, environment }: Options): LogFollower => ({
  async followLogs({ cursors, maxBytes }) {
    const streams: FollowedStream[] = [];
    let room = maxBytes;
    let more = false;
    for (const process of processes) {
      if (room <= 0) return { streams, more: true };
      const name = `${service}/${process}`;
      const read = await readOn({
        file: join(folder, `${process}.log`),
        cursor: cursors[name],
        marksOf: async () => [], // their lines say themselves when they were written
        complete: false,
        maxBytes: Math.min(room, MOST_PER_STREAM),
      });
      room -= read.bytes;
      more ||= read.more;
      if (read.lines.length > 0)
        streams.push({
          ...{ service, environment, instanceId: process, version: "", stream: "stdout", name },
          lines: read.lines,
        });
    }
    return { streams, more };
  },
});
