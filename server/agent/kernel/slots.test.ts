import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { KeyedSlots, Slots } from "./slots.ts";

const fails = {
  "throws before its first wait": () => {
    throw new Error("at once");
  },
  "rejects later": async () => {
    await turn();
    throw new Error("later");
  },
};

test.each(Object.entries(fails))("work that %s leaves its slot", async (_, work) => {
  const slots = new Slots(2);
  const keyed = new KeyedSlots({ perKey: 2, total: 3 });
  for (let i = 0; i < 10; i++) {
    await expect(slots.withSlot(work, () => "full")).rejects.toThrow();
    await expect(slots.inTurn(work)).rejects.toThrow();
    await expect(keyed.withSlot("a", work, () => "full")).rejects.toThrow();
  }
  expect([slots.used, keyed.used, keyed.usedBy("a")]).toEqual([0, 0, 0]);
});

test("what finds no slot is told so, by key and in all, and takes none", async () => {
  const keyed = new KeyedSlots({ perKey: 2, total: 3 });
  const gates: (() => void)[] = [];
  const work = () => new Promise<string>((resolve) => gates.push(() => resolve("done")));
  const answers = ["a", "a", "a", "b", "b"].map((key) => keyed.withSlot(key, work, () => "full"));
  expect([await answers[2], await answers[4], keyed.used, keyed.isFull]).toEqual(["full", "full", 3, true]);
  for (const open of gates) open();
  expect(await Promise.all(answers)).toEqual(["done", "done", "full", "done", "full"]);
  expect([keyed.used, keyed.usedBy("a"), keyed.usedBy("b")]).toEqual([0, 0, 0]);
});

test("those who wait come in turn, and never more at once than there are slots", async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      slots.inTurn(async () => {
        most = Math.max(most, slots.used);
        order.push(i);
        await turn();
      }),
    ),
  );
  expect([order, most, slots.used]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], 2, 0]);
});
