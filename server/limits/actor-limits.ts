import { setTimeout as delay } from "node:timers/promises";
import type { AgentContext } from "../agent/kernel/context.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { type Claimant, FairGate, type GateLimits } from "./fair-gate.ts";
import { RateGate } from "./rate.ts";

/** What one actor may ask of one process: the same counts for tRPC, MCP and pages. docs/limits.md lists them. */

export const MAX_BATCH = 20;
export const MAX_BODY_BYTES = 1_000_000;
export const MAX_STREAMS = 10;
/** calls that wait by design, as get_deployment with followSeconds: they take no turn, but they are counted */
export const MAX_FOLLOWING = 20;
const CALLS: GateLimits = { perActor: 3, perOwner: 6, total: 16, queuePerActor: 200, waitMs: 15_000 };
const RATE = { perSecond: 100, burst: 200 };
/** of one address without a valid credential */
const STRANGER_RATE = { perSecond: 10, burst: 100 };

/** a refusal is answered so late, so that who asks again at once asks four times a second */
const LINGER_MS = 250;
const MOST_LINGERING = 500;

class ActorLimits {
  #lingering = 0;
  readonly #calls = new FairGate(CALLS);
  readonly #rate = new RateGate(RATE);
  readonly #strangers = new RateGate(STRANGER_RATE);
  readonly #held = new Map<string, number>();

  /** One call of a procedure, when it is this actor's turn. @throws RATE_LIMITED */
  call<T>(agent: AgentContext, work: () => Promise<T>): Promise<T> {
    return this.#calls.run(claimantOf(agent), work);
  }

  /** Counts calls against the actor's rate, all of them or none. @throws RATE_LIMITED */
  count(agent: AgentContext, calls = 1): void {
    this.#rate.take(agent.actor.id, calls);
  }

  /** Waits before a request is refused for its rate; not when very many wait already. */
  async linger(): Promise<void> {
    if (this.#lingering >= MOST_LINGERING) return;
    this.#lingering++;
    await delay(LINGER_MS);
    this.#lingering--;
  }

  /** A request of nobody who is known. @throws RATE_LIMITED */
  stranger(address: string): void {
    this.#strangers.take(address);
  }

  /** Holds one of the actor's `most` places of a kind; the answer gives it back. @throws RATE_LIMITED when all are taken */
  hold(agent: AgentContext, kind: "live stream" | "call that waits", most: number): () => void {
    const key = `${kind} ${agent.actor.id}`;
    const held = this.#held.get(key) ?? 0;
    if (held >= most)
      throw new AppError(
        "RATE_LIMITED",
        `You have ${most} of the kind "${kind}" open, and no more are allowed. Close one, and try again in 5 s.`,
        {
          details: { retryAfterSeconds: 5, most },
        },
      );
    this.#held.set(key, held + 1);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      const left = (this.#held.get(key) ?? 1) - 1;
      if (left > 0) this.#held.set(key, left);
      else this.#held.delete(key);
    };
  }
}

const claimantOf = ({ actor, ownerId }: AgentContext): Claimant => ({ actor: actor.id, owner: ownerId ?? actor.id });

/** In-process scripts and workers are Operate itself. */
export const isLimited = ({ via }: AgentContext): boolean => via === "web" || via === "api" || via === "mcp";

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateLimits?: ActorLimits };
/** The limits of this process. */
export function actorLimits(): ActorLimits {
  holder.__operateLimits ??= new ActorLimits();
  return holder.__operateLimits;
}
