import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { AgentContext } from "../agent/kernel/context.ts";
import { actor } from "../testing/context.ts";
import { actorLimits } from "./actor-limits.ts";
import { FairGate, type GateLimits } from "./fair-gate.ts";

/** A gate whose work ends when it is told to. */
function heldGate(limits: Partial<GateLimits>, options: { givesWay?: boolean; nowMs?: () => number } = {}) {
  const gate = new FairGate(
    { perActor: 3, perOwner: 6, total: 4, queuePerActor: 200, waitMs: 10_000, ...limits },
    { givesWay: options.nowMs !== undefined, ...options },
  );
  const running: { owner: string; end: () => void }[] = [];
  const begun: string[] = [];
  const ask = (owner: string, token = 0) =>
    void gate.run({ actor: `${owner} ${token}`, owner }, () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      begun.push(owner);
      running.push({ owner, end: resolve });
      return promise;
    });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const endOldest = async () => {
    running.shift()?.end();
    await settled();
  };
  return {
    ask,
    begun,
    settled,
    endOldest,
    endAll: async () => {
      while (running.length > 0) await endOldest();
    },
  };
}

test("whoever has nothing at work has a place of the reserve at once", async () => {
  const { ask, begun, settled, endAll } = heldGate({ reserve: 2 });
  for (let token = 0; token < 5; token++) ask("greedy", token);
  ask("also");
  ask("also");
  await settled();
  expect(begun).toEqual(["greedy", "greedy", "greedy", "greedy", "also"]);
  ask("last");
  await settled();
  expect(begun.at(-1)).toBe("last");
  await endAll();
});

test("what becomes free goes to the person who has least at work, however many tokens another has", async () => {
  const { ask, begun, settled, endOldest, endAll } = heldGate({});
  for (let token = 0; token < 40; token++) ask("greedy", token);
  for (let n = 0; n < 3; n++) ask("calm");
  await settled();
  for (let n = 0; n < 2; n++) await endOldest();
  expect(begun.slice(4)).toEqual(["calm", "calm"]);
  await endAll();
});

test("persons who have as much at work come in turn", async () => {
  const { ask, begun, settled, endOldest, endAll } = heldGate({ total: 1 });
  for (let token = 0; token < 40; token++) ask("greedy", token);
  for (const owner of ["a", "b", "c"]) for (let n = 0; n < 3; n++) ask(owner);
  await settled();
  for (let n = 0; n < 8; n++) await endOldest();
  for (const owner of ["a", "b", "c"]) expect(begun.filter((one) => one === owner).length).toBe(2);
  await endAll();
});

test("all who give way to somebody have two at work together", async () => {
  let nowMs = 0;
  const { ask, begun, settled, endOldest, endAll } = heldGate({ total: 16 }, { nowMs: () => nowMs });
  const heavy = ["a", "b", "c", "d", "e"];
  for (const owner of [...heavy, "light"]) ask(owner);
  await settled();
  nowMs = 400;
  for (const _ of heavy) await endOldest();
  for (const owner of heavy) ask(owner, 1);
  await vi.waitFor(() => expect(begun.slice(6)).toHaveLength(2)); // after a rest
  await delay(100); // the others' rests end with it
  expect(begun.slice(6)).toHaveLength(2);
  nowMs = 20_000;
  await endAll();
  expect(begun.slice(6).toSorted()).toEqual(heavy);
});

test("eight persons with many tokens each do not make another wait more than three times as long", async () => {
  const agent = (id: string, ownerId: string) => ({ actor: actor({ id }), ownerId }) as AgentContext;
  const limits = actorLimits();
  const ask = async (who: AgentContext) => {
    const began = performance.now();
    await limits.request(who, () => Promise.all(Array.from({ length: 4 }, () => limits.call(who, () => delay(10)))));
    return performance.now() - began;
  };
  const median = async () => {
    const times: number[] = [];
    for (let n = 0; n < 9; n++) times.push(await ask(agent("admin", "admin")));
    return times.toSorted((a, b) => a - b)[4] ?? 0;
  };
  const alone = await median();
  let storming = true;
  const storm = Array.from({ length: 8 * 6 * 2 }, async (_, n) => {
    const who = agent(`token ${n % 48}`, `person ${n % 8}`);
    while (storming) await ask(who);
  });
  await delay(100);
  const beside = await median();
  storming = false;
  await Promise.all(storm);
  expect(beside / alone).toBeLessThan(3);
});
