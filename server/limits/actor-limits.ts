import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentContext } from "../agent/kernel/context.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { Slots } from "../agent/kernel/slots.ts";
import { waiting } from "../agent/kernel/waiting.ts";
import { networkOf } from "../auth/client-address.ts";
import { signedSession } from "../auth/session-cookie.ts";
import { withQueryTurns } from "../db/query-turns.ts";
import { type Claimant, FairGate, type GateLimits } from "./fair-gate.ts";
import { type OwnedLimits, OwnedSlots, type Taken } from "./owned-slots.ts";
import { RateGate } from "./rate.ts";

/** What one actor may ask of one process: the same counts for tRPC, MCP and pages. docs/limits.md lists them. */

export const MAX_BATCH = 20;
export const MAX_BODY_BYTES = 1_000_000;
/** live streams open at once */
const STREAMS: OwnedLimits = { perActor: 10, perOwner: 30 };
/** calls that wait by design, as get_deployment with followSeconds: they take no turn, but they are counted */
const FOLLOWING: OwnedLimits = { perActor: 20, perOwner: 60 };
export const CALLS: GateLimits = {
  perActor: 3,
  perOwner: 6,
  total: 16,
  reserve: 4,
  queuePerActor: 200,
  waitMs: 15_000,
};
/** requests, of which each may hold a batch: the others wait unread */
const REQUESTS: GateLimits = { perActor: 3, perOwner: 6, total: 48, reserve: 16, queuePerActor: 200, waitMs: 15_000 };
const RATE = { perSecond: 100, burst: 200 };
/** of one address without a valid credential */
const STRANGER_RATE = { perSecond: 10, burst: 30 };

/** a refusal is answered so late, so that who asks again at once asks little; by chance, so that many do not ask together */
const REFUSAL_DELAY_MS = { atLeast: 250, atMost: 750 };
const STRANGER_REFUSAL_DELAY_MS = { atLeast: 500, atMost: 2_500 };
const MOST_DELAYED = 2_000;
/** credentials nobody has used yet are looked up so many at once, so that they do not stand before those of who is known */
const LOOKUPS: GateLimits = { perActor: 1, perOwner: 1, total: 2, queuePerActor: 200, waitMs: 10_000 };
const MOST_REMEMBERED = 10_000;

/** What says who asks, and nothing beside it: other cookies do not make another credential. */
const credentialFrom = (authorization: string | null, cookie: string | null): string =>
  createHash("sha256")
    .update(JSON.stringify(authorization === null ? [signedSession(cookie) ?? cookie] : [authorization, null]))
    .digest("base64");
const credentialOf = (headers: Headers): string => credentialFrom(headers.get("authorization"), headers.get("cookie"));

class ActorLimits {
  readonly #delayed = new Slots(MOST_DELAYED);
  readonly #lookups = new FairGate(LOOKUPS);
  readonly #requests = new FairGate(REQUESTS, { givesWay: false });
  readonly #calls = new FairGate(CALLS, { alsoWaiting: this.#requests.waitingOf });
  readonly #rate = new RateGate(RATE);
  readonly #strangers = new RateGate(STRANGER_RATE);
  readonly #actors = new Map<string, string>();
  readonly #streams = new OwnedSlots(STREAMS);
  readonly #following = new OwnedSlots(FOLLOWING);

  /** One call of a procedure, when it is this actor's turn. @throws RATE_LIMITED */
  call<T>(agent: AgentContext, work: () => Promise<T>): Promise<T> {
    return this.#calls.run(claimantOf(agent), () => withQueryTurns(agent.actor.id, work));
  }

  /** One request, which may hold a batch of calls, when it is this actor's turn. @throws RATE_LIMITED */
  request<T>(agent: AgentContext, work: () => Promise<T>): Promise<T> {
    return this.#requests.run(claimantOf(agent), work);
  }

  /** Remembers whose a credential is, so that who asks too much is refused before it is looked up. */
  remember(request: Request, { actor }: AgentContext): void {
    const key = credentialOf(request.headers);
    this.#actors.delete(key);
    this.#actors.set(key, actor.id);
    const oldest = this.#actors.size > MOST_REMEMBERED ? this.#actors.keys().next() : null;
    if (oldest && !oldest.done) this.#actors.delete(oldest.value);
  }

  /** Whether a credential was right before. */
  knows(authorization: string | undefined, cookie: string | undefined): boolean {
    return this.#actors.has(credentialFrom(authorization ?? null, cookie ?? null));
  }

  /** Before anything is known or read of a request: whether its credential's actor has asked too much. @throws RATE_LIMITED */
  precheck(request: Request, calls = 1): void {
    const actor = this.#actors.get(credentialOf(request.headers));
    if (actor !== undefined) this.#rate.check(actor, calls);
  }

  /** Counts calls against the actor's rate, all of them or none. @throws RATE_LIMITED */
  count(agent: AgentContext, calls = 1): void {
    this.#rate.take(agent.actor.id, calls);
  }

  /** Waits before a request is refused for its rate; not when very many wait already. */
  async delayRefusal(request: Request): Promise<void> {
    const known = this.#actors.has(credentialOf(request.headers));
    await this.#delay(known ? REFUSAL_DELAY_MS : STRANGER_REFUSAL_DELAY_MS);
  }

  /** Waits before a request of nobody who is known is refused. */
  async delayStranger(): Promise<void> {
    await this.#delay(STRANGER_REFUSAL_DELAY_MS);
  }

  async #delay({ atLeast, atMost }: { atLeast: number; atMost: number }): Promise<void> {
    await this.#delayed.withSlot(
      () => waiting(() => delay(atLeast + Math.random() * (atMost - atLeast))),
      () => undefined,
    );
  }

  /** Looks up a credential that was not right before, when it is this address's turn. @throws RATE_LIMITED */
  lookUp<T>(address: string, find: () => Promise<T>): Promise<T> {
    return this.#lookups.run({ actor: address, owner: address }, find);
  }

  /** A request of nobody who is known. @throws RATE_LIMITED */
  stranger(address: string): void {
    this.#strangers.take(networkOf(address));
  }

  /** A call that waits by design, in one of the actor's places for such. @throws RATE_LIMITED when all are taken */
  following<T>(agent: AgentContext, work: () => Promise<T>): Promise<T> {
    return this.#following.withSlot(claimantOf(agent), work, (taken) => {
      throw noPlace("calls that wait", taken);
    });
  }

  /**
   * Takes one of the actor's places for live streams until `ended` is aborted, or what is returned is called.
   * @throws RATE_LIMITED when all are taken
   */
  openStream(agent: AgentContext, ended: AbortSignal | undefined): () => void {
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
      if (ended?.aborted) resolve();
      ended?.addEventListener("abort", () => resolve(), { once: true });
    });
    let refusal: AppError | null = null;
    void this.#streams.withSlot(
      claimantOf(agent),
      () => over,
      (taken) => {
        refusal = noPlace("live streams", taken);
      },
    );
    if (refusal) throw refusal;
    return end;
  }
}

const noPlace = (kind: string, { of, most }: Taken): AppError =>
  new AppError(
    "RATE_LIMITED",
    `You have ${most} ${kind} open${of === "owner" ? " with all your tokens" : ""}, and no more are allowed. Close one, and try again in 5 s.`,
    { details: { retryAfterSeconds: 5, most } },
  );

const claimantOf = ({ actor, ownerId }: AgentContext): Claimant => ({ actor: actor.id, owner: ownerId ?? actor.id });

// on globalThis because each route of Next has its own copy of this module
const known = globalThis as { __operateKnownSenders?: Set<string> };
known.__operateKnownSenders ??= new Set();
const knownSenders = known.__operateKnownSenders;
const hashOf = (authorization: string): string => createHash("sha256").update(authorization).digest("base64");

/** Whether telemetry was taken with this credential, and it was not refused since. */
export const isKnownSender = (authorization: string | null | undefined): boolean =>
  authorization != null && knownSenders.has(hashOf(authorization));

/** Remembers whether a credential may send telemetry, so that whoever may is not slowed down as a stranger. */
export function rememberSender(authorization: string | null, maySend: boolean): void {
  if (authorization === null) return;
  if (!maySend) knownSenders.delete(hashOf(authorization));
  else {
    if (knownSenders.size >= MOST_REMEMBERED) knownSenders.clear();
    knownSenders.add(hashOf(authorization));
  }
}

/** In-process scripts and workers are Operate itself. */
export const isLimited = ({ via }: AgentContext): boolean => via === "web" || via === "api" || via === "mcp";

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateLimits?: ActorLimits };
/** The limits of this process. */
export function actorLimits(): ActorLimits {
  holder.__operateLimits ??= new ActorLimits();
  return holder.__operateLimits;
}
