import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AgentContext } from "../agent/kernel/context.ts";
import { actor } from "../testing/context.ts";
import { actorLimits, CALLS } from "./actor-limits.ts";
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

test("all who press have two at work together while another is there, and what is free once it is gone", async () => {
  let nowMs = 0;
  const { ask, begun, settled, endOldest, endAll } = heldGate({ total: 16 }, { nowMs: () => nowMs });
  const pressing = ["a", "b", "c", "d", "e"];
  ask("light");
  // as many tokens as it takes, none of which has a long queue
  for (const owner of pressing) for (let n = 0; n < 40; n++) ask(owner, n % 8);
  await settled();
  expect(begun).toHaveLength(16);
  for (let n = 0; n < 16; n++) await endOldest();
  await delay(50); // rests of no length
  expect(begun).toHaveLength(18);
  nowMs = 1_500;
  await vi.waitFor(() => expect(begun).toHaveLength(18 + 14), { timeout: 3_000 });
  nowMs = 20_000;
  await endAll();
});

test("whoever asks again and again while calls of theirs wait presses, however few wait at once", async () => {
  const { ask, begun, settled, endOldest, endAll } = heldGate({ total: 4 }, { nowMs: () => 0 });
  ask("light");
  for (let n = 0; n < 40; n++) {
    for (let token = 0; n === 0 && token < 6; token++) ask("greedy", token);
    ask("greedy", n % 6);
    await endOldest();
  }
  await settled();
  const before = begun.length;
  for (let n = 0; n < 3; n++) ask("light");
  await settled();
  for (let n = 0; n < 5; n++) await endOldest();
  expect(begun.slice(before, before + 3)).toEqual(["light", "light", "light"]);
  await endAll();
});

describe("ordinary people", () => {
  beforeEach(
    () =>
      void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] }),
  );
  afterEach(() => void vi.useRealTimers());
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  /** The real limits of calls, one idle tab that polls, and people who open a page each, 30 ms apart. */
  async function crowd(people: number, calls: number, callMs: number, givesWay: boolean) {
    const gate = new FairGate(CALLS, { givesWay });
    let [refused, slowestMs] = [0, 0];
    const idleTab = setInterval(() => void gate.run({ actor: "idle", owner: "idle" }, () => pause(3)), 2_000);
    const call = async (person: string) => {
      const beganMs = performance.now();
      await gate.run({ actor: person, owner: person }, () => pause(callMs)).catch(() => refused++);
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
    };
    const page = async (n: number) => {
      await pause(n * 30);
      await Promise.all(Array.from({ length: calls }, () => call(`person ${n}`)));
    };
    void gate.run({ actor: "idle", owner: "idle" }, () => pause(3));
    const all = Promise.all(Array.from({ length: people }, (_, n) => page(n)));
    await vi.advanceTimersByTimeAsync(20_000);
    await all;
    clearInterval(idleTab);
    return { refused, slowestMs };
  }

  test.each([
    [30, 8, 250],
    [50, 6, 200],
    [12, 8, 100],
    [6, 8, 1_000],
    [40, 20, 100],
  ])("%i who make %i calls of %i ms each are not slowed down by a tab that polls", async (people, calls, callMs) => {
    const fair = await crowd(people, calls, callMs, true);
    const without = await crowd(people, calls, callMs, false);
    expect(fair.refused).toBe(0);
    expect(fair.slowestMs).toBeLessThan(1.2 * without.slowestMs);
  });
});

test("a refusal says whose calls were before it", async () => {
  const gate = new FairGate({ perActor: 1, perOwner: 1, total: 2, queuePerActor: 5, waitMs: 20 });
  const held = Promise.withResolvers<void>();
  const ask = (owner: string) => gate.run({ actor: owner, owner }, () => held.promise);
  const running = [ask("a"), ask("b")];
  await expect(ask("c")).rejects.toThrow("waited 0.02 s for its turn: 2 calls of others are at work.");
  await expect(ask("a")).rejects.toThrow("its turn: 1 call of yours is at work, 1 call of others is at work.");
  held.resolve();
  await Promise.all(running);
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
