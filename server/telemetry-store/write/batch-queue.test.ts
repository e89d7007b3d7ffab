import { describe, expect, it } from "vitest";
import { createBatchQueue } from "./batch-queue.ts";

/** A writer that is finished by hand. */
function heldWriter() {
  const batches: { sizes: number[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const write = (pieces: readonly { size: number }[]) =>
    new Promise<void>((finish, fail) => batches.push({ sizes: pieces.map(({ size }) => size), finish, fail }));
  return { batches, write };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("createBatchQueue", () => {
  it("writes at once when it is idle, and together what comes meanwhile", async () => {
    const { batches, write } = heldWriter();
    const queue = createBatchQueue(write, { lanes: 1, maxRecords: 10 });
    const done: number[] = [];
    for (const size of [1, 2, 3, 6, 50, 1]) void queue.add({ size }).then(() => done.push(size));
    expect(batches.map(({ sizes }) => sizes)).toEqual([[1]]);
    for (let i = 0; i < 5; i++) {
      batches[i]?.finish();
      await settled();
    }
    // at most ten records in one go; a piece that is larger goes alone
    expect(batches.map(({ sizes }) => sizes)).toEqual([[1], [2, 3], [6], [50], [1]]);
    expect(done).toEqual([1, 2, 3, 6, 50, 1]);
  });

  it("tells only those of a batch that failed, and goes on", async () => {
    const { batches, write } = heldWriter();
    const queue = createBatchQueue(write, { lanes: 1, maxRecords: 10 });
    const [first, second, third] = [queue.add({ size: 1 }), queue.add({ size: 1 }), queue.add({ size: 1 })];
    batches[0]?.finish();
    await first;
    const failed = Promise.all([second, third].map((one) => expect(one).rejects.toThrow("disk")));
    await settled();
    batches[1]?.fail(new Error("disk"));
    await failed;
    const next = queue.add({ size: 1 });
    batches[2]?.finish();
    await expect(next).resolves.toBeUndefined();
  });

  it("has as many writes under way as it has lanes", () => {
    const { batches, write } = heldWriter();
    const queue = createBatchQueue(write, { lanes: 2, maxRecords: 10 });
    for (let i = 0; i < 5; i++) void queue.add({ size: 1 });
    expect(batches).toHaveLength(2);
  });
});
