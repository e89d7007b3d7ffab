import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";

const MODULE = resolve(import.meta.dirname, "idle-memory.ts");
const MB = 2 ** 20;

/**
 * A process that prints what its heap holds every 50 ms. By its second line it has 40 MB in its old space and lets them
 * go; `again` does the same later.
 */
const program = (call: string, again = "") => `
  import { releaseIdleMemory } from ${JSON.stringify(MODULE)};
  const much = () => Array.from({ length: 40 }, () => Array.from({ length: 16_384 }, () => ({ of: 1 })));
  let kept = much();
  let lines = 0;
  setInterval(() => {
    console.log(process.memoryUsage().heapUsed);
    lines++;
    if (lines === 2) { kept = null; ${call} }
    ${again}
  }, 50);
`;

async function heapsOf(source: string, until: (heaps: number[]) => boolean): Promise<number[]> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 60_000,
  });
  const heaps: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    heaps.push(Number(line));
    if (until(heaps)) break;
  }
  const ended = once(child, "exit");
  child.kill();
  await ended;
  return heaps;
}

const fell = (heaps: number[]) => Math.max(...heaps) - (heaps.at(-1) ?? 0) > 15 * MB;

it("gives back what a start left behind, and nothing does so without it", async () => {
  const released = await heapsOf(program("releaseIdleMemory({ afterMs: 100, everyMs: null })"), fell);
  expect(fell(released)).toBe(true);
  const kept = await heapsOf(program(""), (heaps) => fell(heaps) || heaps.length > 2 * released.length);
  expect(fell(kept)).toBe(false);
});

it("looks again later, and collects only once garbage has gathered", async () => {
  const source = program(
    "releaseIdleMemory({ afterMs: 100, everyMs: 100 });",
    "if (lines === 20) kept = much(); if (lines === 22) kept = null;",
  );
  let falls = 0;
  await heapsOf(source, (heaps) => {
    if (heaps.length > 1 && heaps.at(-2)! - heaps.at(-1)! > 15 * MB) falls++;
    return falls === 2;
  });
  expect(falls).toBe(2);
});

it("keeps no process alive", async () => {
  const child = spawn(process.execPath, [
    "--input-type=module",
    "-e",
    `import { releaseIdleMemory } from ${JSON.stringify(MODULE)}; releaseIdleMemory();`,
  ]);
  expect((await once(child, "exit"))[0]).toBe(0);
});
