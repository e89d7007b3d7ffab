import { expect, it } from "vitest";
import { startPeriodic } from "./periodic.ts";

it("runs at once and again after each end, also after a failure", async () => {
  const errors: unknown[] = [];
  let runs = 0;
  const third = Promise.withResolvers<void>();
  const loop = startPeriodic(
    1,
    async () => {
      if (++runs === 3) third.resolve();
      if (runs === 2) throw new Error("once");
    },
    (error) => errors.push(error),
  );
  expect(runs).toBe(1);
  await third.promise;
  await loop.stop();
  expect(errors).toEqual([new Error("once")]);
});

it("stops without waiting for the next run, but for the present one to end", async () => {
  const work = Promise.withResolvers<void>();
  let runs = 0;
  const loop = startPeriodic(
    3_600_000,
    () => {
      runs++;
      return work.promise;
    },
    () => undefined,
  );
  let stopped = false;
  const stop = loop.stop().then(() => {
    stopped = true;
  });
  await new Promise(setImmediate);
  expect(stopped).toBe(false);
  work.resolve();
  await stop;
  expect(runs).toBe(1);
});
