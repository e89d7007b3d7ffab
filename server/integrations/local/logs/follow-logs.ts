import { monotonicMs } from "#server/agent/kernel/clock.ts";
import type { FollowedStream } from "#server/agent/ports/instance-logs.ts";
import type { InstanceOrigin, LogStore } from "./log-store.ts";
import { MOST_PER_STREAM, readOn } from "./read-on.ts";

type Followed = InstanceOrigin & { instanceId: string };

/** for so long after its end an instance's last words are handed out */
const GONE_MS = 15 * 60_000;
const STREAMS = [
  ["stdout", "out"],
  ["stderr", "err"],
] as const;

/** Serves what instances write, from where the caller got to. It keeps nothing of who asked. */
export class InstanceLogFollower {
  readonly #logs: LogStore;
  readonly #running: () => Followed[];
  /** by id; `goneMs` is when it was first seen to be gone */
  #known: Map<string, { followed: Followed; goneMs: number | null }> | null = null;
  /** streams take turns at being first, so that a loud one does not keep the others waiting */
  #turn = 0;

  constructor(logs: LogStore, running: () => Followed[]) {
    this.#logs = logs;
    this.#running = running;
  }

  async follow(input: {
    cursors: Readonly<Record<string, string>>;
    maxBytes: number;
  }): Promise<{ streams: FollowedStream[]; more: boolean }> {
    const all = await this.#streams();
    const first = all.length > 0 ? this.#turn++ % all.length : 0;
    const streams: FollowedStream[] = [];
    let room = input.maxBytes;
    let more = false;
    for (const one of [...all.slice(first), ...all.slice(0, first)]) {
      if (room <= 0) return { streams, more: true };
      const read = await readOn({
        file: one.file,
        cursor: input.cursors[one.followed.name],
        marksOf: (file) => this.#logs.marksOf(file),
        complete: one.gone,
        maxBytes: Math.min(room, MOST_PER_STREAM),
      });
      room -= read.bytes;
      more ||= read.more;
      if (read.lines.length > 0) streams.push({ ...one.followed, lines: read.lines });
    }
    return { streams, more };
  }

  /** Those that ran under a daemon before this one are found by their files, the others as they start. */
  async #streams() {
    const running = this.#running();
    const ids = new Set(running.map((one) => one.instanceId));
    const earlier = this.#known === null ? await this.#logs.goneSince(Date.now() - GONE_MS, ids) : [];
    this.#known ??= new Map();
    for (const followed of [...earlier, ...this.#logs.takeBegun(), ...running])
      this.#known.set(followed.instanceId, { followed, goneMs: null });
    for (const [id, one] of this.#known) {
      if (ids.has(id)) continue;
      one.goneMs ??= monotonicMs();
      if (monotonicMs() - one.goneMs > GONE_MS) this.#known.delete(id);
    }
    return [...this.#known.values()].flatMap(({ followed, goneMs }) =>
      STREAMS.map(([stream, kind]) => ({
        followed: { ...followed, stream, name: `${followed.instanceId}/${stream}` },
        file: this.#logs.file(followed.instanceId, kind),
        gone: goneMs !== null,
      })),
    );
  }
}
