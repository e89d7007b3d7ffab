import { expect, it } from "vitest";
import { createWriteGate } from "./write-gate.ts";

it("lets in what fits, in order, and what never fits alone", async () => {
  const gate = createWriteGate(10);
  const inside: string[] = [];
  const enter = (name: string, weight: number) => gate.enter(weight).then(() => inside.push(name));
  const all = [enter("six", 6), enter("four", 4), enter("large", 50), enter("one", 1)];
  await Promise.all(all.slice(0, 2));
  expect(inside).toEqual(["six", "four"]);
  gate.leave(6);
  gate.leave(4);
  await all[2];
  expect(inside).toEqual(["six", "four", "large"]);
  gate.leave(50);
  await all[3];
  expect(inside).toEqual(["six", "four", "large", "one"]);
});
