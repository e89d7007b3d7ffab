import { z } from "zod";
import { LONGEST_REASON } from "../actions/words.ts";
import { ActorRef, EnvironmentName, Instant, ServiceName, ServiceRefInput, Text } from "../kernel/schema.ts";
import { SHORTEST_LOCK_REASON } from "./words.ts";

export const LockView = z.object({
  service: z.string(),
  environment: z.string(),
  reason: z.string(),
  by: ActorRef,
  at: Instant,
});
export type LockView = z.infer<typeof LockView>;
export const LockInput = ServiceRefInput.extend({ reason: Text(LONGEST_REASON).trim().min(SHORTEST_LOCK_REASON) });
export const UnlockOutput = z.object({ removed: LockView.nullable().describe("null when nothing was locked") });

const FreezeView = z.object({ name: z.string(), until: Instant, environments: z.array(z.string()) });
/** What stands against actions now, service by service or for all. */
export const PolicyInput = z.object({ service: ServiceName.optional(), environment: EnvironmentName.optional() });
export const PolicyOutput = z.object({
  locks: z.array(LockView),
  freezes: z.array(FreezeView.extend({ services: z.array(z.string()) })).describe("in force now"),
  nextFreeze: z.object({ name: z.string(), from: Instant, until: Instant }).nullable(),
});
