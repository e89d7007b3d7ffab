import type { FollowedStream } from "#server/agent/ports/platform.ts";
import type { InstanceOrigin, LogStore } from "./log-store.ts";
import { readOn } from "./read-on.ts";

type Followed = InstanceOrigin & { instanceId: string };

const GONE_MS = 15 * 60_000;
/** those that are gone write no more: besides when one ends, looking now and then is enough */
const LOOK_EVERY_MS = 30_000;
const MOST_PER_STREAM = 512 * 1024;
const STREAMS = [
  ["stdout", "out"],
  ["stderr", "err"],
] as const;

/** Serves what instances write, from where the caller got to. It keeps nothing of who asked. */
export class InstanceLogFollower {
  readonly #logs: LogStore;
  readonly #running: () => Followed[];
  #gone: Followed[] = [];
  #seen: ReadonlySet<string> = new Set();
  #lookedAtMs = 0;
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
        marks: this.#logs.marksOf(one.file),
        complete: one.gone,
        maxBytes: Math.min(room, MOST_PER_STREAM),
      });
      room -= read.bytes;
      more ||= read.more;
      if (read.lines.length > 0) streams.push({ ...one.followed, lines: read.lines });
    }
    return { streams, more };
  }

  async #streams() {
    const running = this.#running();
    const now = Date.now();
    const ids = new Set(running.map((one) => one.instanceId));
    const ended = [...this.#seen].some((id) => !ids.has(id));
    this.#seen = ids;
    if (ended || now - this.#lookedAtMs > LOOK_EVERY_MS) {
      this.#gone = await this.#logs.goneSince(now - GONE_MS, ids);
      this.#lookedAtMs = now;
    }
    const known = [...running.map((one) => ({ one, gone: false })), ...this.#gone.map((one) => ({ one, gone: true }))];
    return known.flatMap(({ one, gone }) =>
      STREAMS.map(([stream, kind]) => ({
        followed: { ...one, stream, name: `${one.instanceId}/${stream}` },
        file: this.#logs.file(one.instanceId, kind),
        gone,
      })),
    );
  }
}
