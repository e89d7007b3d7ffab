import type { IncomingHttpHeaders } from "node:http";

/**
 * The place that a stranger's request holds at the front gate (see FairPlaces), and how a handler gives it back early:
 * what waits on purpose must not hold what others need. Set by the gate, whatever a client sends.
 */
export const FRONT_PLACE_HEADER = "x-operate-front-place";

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateFrontPlaces?: { given: number; leaves: Map<string, () => void> } };
holder.__operateFrontPlaces ??= { given: 0, leaves: new Map() };
const places = holder.__operateFrontPlaces;

/** Notes how a request's place is given back. @returns does so, as often as it is called */
export function noteFrontPlace(headers: IncomingHttpHeaders, leave: () => void): () => void {
  const id = String(++places.given);
  headers[FRONT_PLACE_HEADER] = id;
  const leaveOnce = () => {
    if (places.leaves.delete(id)) leave();
  };
  places.leaves.set(id, leaveOnce);
  return leaveOnce;
}

/** Gives the place of a request back before it is answered; nothing when it holds none. */
export const leaveFrontPlace = (headers: Headers | undefined): void =>
  places.leaves.get(headers?.get(FRONT_PLACE_HEADER) ?? "")?.();
