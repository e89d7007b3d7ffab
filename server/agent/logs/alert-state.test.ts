import { expect, it } from "vitest";
import { type AlertState, alertChanges } from "./alert-state.ts";

const at = new Date("2026-03-01T12:07:00Z");
const place = { service: "checkout", environment: "production" };
const state = (toldAt: string): AlertState => ({ ...place, firingSince: new Date(0), toldAt: new Date(toldAt) });
const told = state("2026-03-01T12:05:00Z");
const toldBefore = state("2026-03-01T12:04:59Z");

it.each([
  ["nothing seen, nothing firing", [], [], 0, 0],
  ["too few lines", [{ ...place, count: 9 }], [], 0, 0],
  ["as many as raise it", [{ ...place, count: 10 }], [], 1, 0],
  ["told in this window", [{ ...place, count: 10 }], [told], 0, 0],
  ["told in the window before", [{ ...place, count: 10 }], [toldBefore], 1, 0],
  ["fewer than raise it, of what fires", [{ ...place, count: 1 }], [toldBefore], 0, 0],
  ["not seen any more", [], [told], 0, 1],
  ["seen elsewhere", [{ ...place, environment: "staging", count: 1 }], [told], 0, 1],
] as const)("%s", (_, places, states, firing, resolved) => {
  const changes = alertChanges({ minutes: 5, count: 10 }, places, states, at);
  expect([changes.firing.length, changes.resolved.length]).toEqual([firing, resolved]);
});
