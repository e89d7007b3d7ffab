import type { Hint } from "./invalidation.ts";

/**
 * One event stream for all visible tabs of a browser, which opens at most six connections to one host over HTTP/1.1.
 * The tab that leads holds the stream and passes on what it hears; no tab relies on there being exactly one leader:
 * two of them cost a connection for a moment, and none is noticed by its silence.
 */

/** `away`: it is heard, and says that the database is not; `refused`: it was answered with an error */
export type StreamState = "connecting" | "live" | "away" | "lost" | "refused";

export interface StreamEvents {
  hint: (id: string, hint: Hint) => void;
  state: (state: StreamState) => void;
  /** it does not come back by itself */
  ended: (state: "away" | "lost" | "refused") => void;
}

/** Opens the stream behind the hint with this id; returns what closes it. */
export type OpenStream = (lastEventId: string | null, on: StreamEvents) => () => void;

interface Listener {
  onHint: (hint: Hint) => void;
  onState: (state: StreamState) => void;
  /** hints may have been missed, and none is from now on */
  onCatchUp: () => void;
}

/** All in ms. */
export interface Pace {
  /** a leader says this often that it is there */
  beat: number;
  /** a leader that is not heard for so long is gone */
  silence: number;
  /** a tab waits so long, and up to twice as long, for a leader's answer before it leads */
  seek: number;
  /** a stream that ended is opened again after */
  retry: number;
}

interface Options {
  /**
   * the name of the channel, of one person's tabs alone and with a version: tabs of somebody else and those of an
   * earlier build must not hear it
   */
  channel: string;
  /** the newest hint before what is shown was read; null when that is not known */
  shownAfter: string | null;
  pace?: Pace;
}

const PACE: Pace = { beat: 2_000, silence: 7_000, seek: 150, retry: 5_000 };
/** of a leader's hints, for those who come later */
const MOST_HEARD = 50;

interface Heard {
  id: string;
  /** null: where the stream began */
  hint: Hint | null;
}

type Message =
  | { kind: "ask" }
  | { kind: "lead"; term: string; state: StreamState; heard: readonly Heard[] }
  | { kind: "hint"; id: string; hint: Hint }
  | { kind: "left"; term: string };

type Role = { as: "seeking" } | { as: "following"; term: string } | { as: "leading"; term: string };

export class SharedStream {
  readonly #open: OpenStream;
  readonly #listener: Listener;
  readonly #pace: Pace;
  readonly #channelName: string;
  /** null while the tab gave the stream up */
  #channel: BroadcastChannel | null = null;
  #role: Role = { as: "seeking" };
  #close: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** as the tab's person is told */
  #state: StreamState = "connecting";
  /** of the stream that this tab holds */
  #own: StreamState = "connecting";
  /** the last hints, as they came */
  #heard: readonly Heard[] = [];
  /** the leadership under which every hint was heard since the last catching up */
  #heardUnder: string | null = null;
  /** until the stream is live: what is shown has missed what came behind this hint; null: it may have missed anything */
  #shownAfter: string | null;

  constructor(open: OpenStream, listener: Listener, { pace = PACE, channel, shownAfter }: Options) {
    this.#open = open;
    this.#listener = listener;
    this.#pace = pace;
    this.#channelName = channel;
    this.#shownAfter = shownAfter;
    if (shownAfter !== null) this.#heard = [{ id: shownAfter, hint: null }];
  }

  /** Follows the stream of another tab, or opens it. */
  takeUp(): void {
    if (this.#channel) return;
    this.#channel = new BroadcastChannel(this.#channelName);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
    if (this.#state !== "connecting") this.#tell("connecting");
    this.#seek();
  }

  /** Holds no connection any longer and hears nothing; what is missed is caught up with after `takeUp`. */
  giveUp(): void {
    this.#shownAfter = null;
    this.#heardUnder = null;
    this.#heard = []; // catching up reads everything again
    if (this.#role.as === "leading") this.#say({ kind: "left", term: this.#role.term });
    this.#stopLeading();
    clearTimeout(this.#timer);
    this.#channel?.close();
    this.#channel = null;
  }

  /** Opens the stream anew if this tab holds it: the network is back. */
  reopen(): void {
    if (this.#channel && this.#role.as === "leading") this.#connect(this.#role.term);
  }

  /** More is shown now, which was read after this hint was the newest; while no stream is live, that changes nothing. */
  shown(after: string): void {
    if (this.#heardUnder !== null) this.#tellMissed(after);
  }

  #say(message: Message): void {
    this.#channel?.postMessage(message);
  }

  #seek(): void {
    this.#role = { as: "seeking" };
    this.#say({ kind: "ask" });
    this.#after(this.#pace.seek * (1 + Math.random()), () => this.#lead());
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #lead(): void {
    // of two leaders the earlier one goes on, so that a newcomer takes nothing over
    const term = `${Date.now()}-${Math.random()}`;
    this.#role = { as: "leading", term };
    this.#connect(term);
    this.#beat(term);
  }

  #beat(term: string): void {
    this.#sayLead(term);
    this.#after(this.#pace.beat, () => this.#beat(term));
  }

  #sayLead(term: string): void {
    this.#say({ kind: "lead", term, state: this.#own, heard: this.#heard });
  }

  #connect(term: string): void {
    this.#stopLeading();
    this.#own = "connecting";
    this.#heardUnder = null;
    let closed = false;
    const become = (state: StreamState) => {
      this.#own = state;
      this.#become(state, term);
      this.#sayLead(term);
    };
    const close = this.#open(this.#heard.at(-1)?.id ?? null, {
      hint: (id, hint) => {
        if (closed) return;
        this.#say({ kind: "hint", id, hint });
        this.#hint(id, hint);
      },
      state: (state) => {
        if (!closed) become(state);
      },
      ended: (state) => {
        if (closed) return;
        closed = true;
        become(state);
        this.#retry = setTimeout(() => this.reopen(), this.#pace.retry);
      },
    });
    this.#close = () => {
      closed = true;
      close();
    };
  }

  #stopLeading(): void {
    clearTimeout(this.#retry);
    this.#close?.();
    this.#close = null;
  }

  #hear(message: Message): void {
    const role = this.#role;
    if (message.kind === "hint") this.#hint(message.id, message.hint);
    else if (message.kind === "ask") {
      if (role.as === "leading") this.#sayLead(role.term);
    } else if (message.kind === "left") {
      if (role.as === "following" && role.term === message.term) this.#seek();
    } else if (role.as === "leading" && role.term < message.term) this.#sayLead(role.term);
    else if (role.as !== "following" || role.term >= message.term) this.#follow(message);
  }

  #follow({ term, state, heard }: Message & { kind: "lead" }): void {
    this.#stopLeading();
    this.#role = { as: "following", term };
    this.#heard = heard;
    this.#become(state, term);
    this.#after(this.#pace.silence, () => this.#seek());
  }

  #hint(id: string, hint: Hint): void {
    this.#heard = [...this.#heard, { id, hint }].slice(-MOST_HEARD);
    this.#listener.onHint(hint);
  }

  #become(state: StreamState, term: string): void {
    if (state === "live" && this.#heardUnder !== term) {
      this.#tellMissed(this.#shownAfter);
      this.#shownAfter = null; // under the next leader, hints may have been missed in between
      this.#heardUnder = term;
    }
    if (state !== "live") this.#heardUnder = null;
    // that a stream opens is no news: it is known to be lost, or another tab held one until now
    if (state !== "connecting" && state !== this.#state) this.#tell(state);
  }

  #tellMissed(after: string | null): void {
    const at = this.#heard.findIndex(({ id }) => id === after);
    if (at < 0) this.#listener.onCatchUp();
    else for (const { hint } of this.#heard.slice(at + 1)) if (hint) this.#listener.onHint(hint);
  }

  #tell(state: StreamState): void {
    this.#state = state;
    this.#listener.onState(state);
  }
}
