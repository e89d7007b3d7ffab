import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Time in which a request waits on purpose: a long poll whose caller asked for it, a refusal that is answered late. It is
 * no latency, so it is measured apart and taken out of every figure of how fast Operate answers.
 */

interface WaitClock {
  parent: WaitClock | undefined;
  /** waits under way: calls of one batch wait side by side, and each moment counts once */
  running: number;
  sinceMs: number;
  sumMs: number;
}

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateWaiting?: AsyncLocalStorage<WaitClock> };
function clocks(): AsyncLocalStorage<WaitClock> {
  holder.__operateWaiting ??= new AsyncLocalStorage();
  return holder.__operateWaiting;
}

function begin(clock: WaitClock): void {
  if (clock.running === 0) clock.sinceMs = performance.now();
  clock.running++;
}

function end(clock: WaitClock): void {
  clock.running--;
  if (clock.running === 0) clock.sumMs += performance.now() - clock.sinceMs;
}

/** Runs `work` and can tell at any time how many milliseconds of it were waited on purpose. */
export function measureWaiting<T>(work: (waitedMs: () => number) => T): T {
  const clock: WaitClock = { parent: clocks().getStore(), running: 0, sinceMs: 0, sumMs: 0 };
  const waitedMs = () => clock.sumMs + (clock.running > 0 ? performance.now() - clock.sinceMs : 0);
  return clocks().run(clock, () => work(waitedMs));
}

/** Runs `work`, whose whole time the request waits on purpose; everything around that measures it is told. */
export async function waiting<T>(work: () => Promise<T>): Promise<T> {
  const around: WaitClock[] = [];
  for (let clock = clocks().getStore(); clock; clock = clock.parent) around.push(clock);
  around.forEach(begin);
  try {
    return await work();
  } finally {
    around.forEach(end);
  }
}
