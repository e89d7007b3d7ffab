import { expect, test } from "vitest";
import { sharedAnswer } from "./shared-answer.ts";

test("whoever asks within the time, or while it is computed, shares one answer; a failure too", async () => {
  let nowMs = 0;
  let computed = 0;
  let open: (fails: boolean) => void = () => {};
  const ask = sharedAnswer(
    1_000,
    () =>
      new Promise<number>((resolve, reject) => {
        const number = ++computed;
        open = (fails) => (fails ? reject(new Error("away")) : resolve(number));
      }),
    () => nowMs,
  );
  const first = Array.from({ length: 50 }, ask);
  nowMs = 5_000; // slow, and still one at a time
  first.push(ask());
  open(false);
  expect(new Set(await Promise.all(first))).toEqual(new Set([1]));
  nowMs = 5_001;
  const second = [ask(), ask()];
  open(true);
  expect((await Promise.allSettled(second)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  nowMs = 5_900;
  await expect(ask()).rejects.toThrow("away");
  nowMs = 6_002;
  const third = ask();
  open(false);
  expect([await third, computed]).toEqual([3, 3]);
});
