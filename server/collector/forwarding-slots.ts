import { KeyedSlots, Slots } from "../agent/kernel/slots.ts";
import { OwnedSlots } from "../limits/owned-slots.ts";

/** How many requests of senders one web process passes on at once; apart from how, which takes the decoders' paths. */

/** under way in one web process, of one token, of all tokens of one person, and of all; more are told to come again */
const MOST_REQUESTS = { perActor: 400, perOwner: 600, total: 1_000 };
/** of the instances of one service in one environment, and of all instances, beside those of tokens */
const MOST_INSTANCE_REQUESTS = { perKey: 380, total: 1_000 };
/** before those, of each service in each environment; as many as are configured, so that no others take them */
const RESERVED_INSTANCE_REQUESTS = { perKey: 20, total: Number.POSITIVE_INFINITY };
/** of Operate's own processes, which nobody else can take */
const MOST_OWN_REQUESTS = 400;
/** readiness and the ingest page tell of a refusal for so long */
const REFUSING_MS = 10_000;

interface ForwardingSlots {
  slots: OwnedSlots;
  reserved: KeyedSlots;
  instances: KeyedSlots;
  own: Slots;
  /** when a request found no slot last, on the clock of `performance.now` */
  refusedAtMs: number;
}
// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateForwarding?: ForwardingSlots };
export const forwardingSlots = (): ForwardingSlots => {
  holder.__operateForwarding ??= {
    slots: new OwnedSlots(MOST_REQUESTS),
    reserved: new KeyedSlots(RESERVED_INSTANCE_REQUESTS),
    instances: new KeyedSlots(MOST_INSTANCE_REQUESTS),
    own: new Slots(MOST_OWN_REQUESTS),
    refusedAtMs: Number.NEGATIVE_INFINITY,
  };
  return holder.__operateForwarding;
};

/** Why this process refuses telemetry, for readiness and the ingest page; null while it passes all of it on. */
export function forwardRefusal(): string | null {
  const { slots, reserved, instances, own, refusedAtMs } = forwardingSlots();
  if (!(slots.isFull || instances.isFull || own.isFull) && performance.now() - refusedAtMs > REFUSING_MS) return null;
  const used = [slots, reserved, instances, own].reduce((sum, places) => sum + places.used, 0);
  return `Requests of senders are refused: ${used} are under way, at most ${MOST_REQUESTS.perActor} of one sender, ${MOST_REQUESTS.perOwner} of all tokens of one person and ${MOST_REQUESTS.total} in all are passed on at once. Senders keep what they have and try again.`;
}
