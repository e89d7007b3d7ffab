import { AsyncLocalStorage } from "node:async_hooks";
import { Slots } from "../agent/kernel/slots.ts";

/**
 * Who asks takes at most so many of a pool's connections at once, so that the queries of one do not stand before those
 * of all others. Queries within a transaction have their connection already and wait for nothing.
 */
const AT_ONCE = 3;

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateQueryTurns?: AsyncLocalStorage<Slots> };
holder.__operateQueryTurns ??= new AsyncLocalStorage();
const current = holder.__operateQueryTurns;
const turnsByActor = new Map<string, { turns: Slots; calls: number }>();

/** Does `work`, whose queries outside transactions take turns with all others of this actor. */
export async function withQueryTurns<T>(actor: string, work: () => Promise<T>): Promise<T> {
  const held = turnsByActor.get(actor) ?? { turns: new Slots(AT_ONCE), calls: 0 };
  turnsByActor.set(actor, held);
  held.calls++;
  try {
    return await current.run(held.turns, work);
  } finally {
    if (--held.calls === 0) turnsByActor.delete(actor);
  }
}

/** Makes a query when it is its actor's turn; at once when nobody's. */
export async function inTurn<T>(query: () => Promise<T>): Promise<T> {
  const turns = current.getStore();
  return turns ? turns.inTurn(query) : query();
}
