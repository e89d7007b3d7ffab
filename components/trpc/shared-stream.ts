import type { Hint } from "./invalidation.ts";

/**
 * One event stream for all visible tabs of a browser, which opens at most six connections to one host over HTTP/1.1.
 * The tab that leads holds the stream and passes on what it hears; no tab relies on there being exactly one leader:
 * two of them cost a connection for a moment, and none is noticed by its silence.
 */

/** `refused`: it was answered with an error */
export type StreamState = "connecting" | "live" | "lost" | "refused";

export interface StreamEvents {
  hint: (id: string, hint: Hint) => void;
  state: (state: StreamState) => void;
  /** it does not come back by itself */
  ended: (state: "lost" | "refused") => void;
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

const PACE: Pace = { beat: 2_000, silence: 7_000, seek: 150, retry: 5_000 };
/** with a version: tabs of an earlier build must not hear words that mean something else */
const CHANNEL = "operate-live-1";

type Message =
  | { kind: "ask" }
  | { kind: "lead"; term: string; state: StreamState }
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
  #lastEventId: string | null = null;
  /** the leadership under which every hint was heard since the last catching up */
  #heardUnder: string | null = null;
  #mayHaveMissed = false;

  constructor(open: OpenStream, listener: Listener, { pace = PACE, channel = CHANNEL } = {}) {
    this.#open = open;
    this.#listener = listener;
    this.#pace = pace;
    this.#channelName = channel;
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
    this.#mayHaveMissed = true;
    this.#heardUnder = null;
    this.#lastEventId = null; // catching up reads everything again
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
    this.#say({ kind: "lead", term, state: this.#own });
    this.#after(this.#pace.beat, () => this.#beat(term));
  }

  #connect(term: string): void {
    this.#stopLeading();
    this.#own = "connecting";
    this.#heardUnder = null;
    let closed = false;
    const become = (state: StreamState) => {
      this.#own = state;
      this.#become(state, term);
      this.#say({ kind: "lead", term, state });
    };
    const close = this.#open(this.#lastEventId, {
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
      if (role.as === "leading") this.#say({ kind: "lead", term: role.term, state: this.#own });
    } else if (message.kind === "left") {
      if (role.as === "following" && role.term === message.term) this.#seek();
    } else if (role.as === "leading" && role.term < message.term)
      this.#say({ kind: "lead", term: role.term, state: this.#own });
    else if (role.as !== "following" || role.term >= message.term) this.#follow(message.term, message.state);
  }

  #follow(term: string, state: StreamState): void {
    this.#stopLeading();
    this.#role = { as: "following", term };
    this.#become(state, term);
    this.#after(this.#pace.silence, () => this.#seek());
  }

  #hint(id: string, hint: Hint): void {
    this.#lastEventId = id;
    this.#listener.onHint(hint);
  }

  #become(state: StreamState, term: string): void {
    if (state === "live" && this.#heardUnder !== term) {
      if (this.#mayHaveMissed) this.#listener.onCatchUp();
      this.#mayHaveMissed = true;
      this.#heardUnder = term;
    }
    if (state !== "live") this.#heardUnder = null;
    // that a stream opens is no news: it is known to be lost, or another tab held one until now
    if (state !== "connecting" && state !== this.#state) this.#tell(state);
  }

  #tell(state: StreamState): void {
    this.#state = state;
    this.#listener.onState(state);
  }
}
