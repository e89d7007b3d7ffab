import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";

const MODULE = resolve(import.meta.dirname, "idle-memory.ts");
const MB = 2 ** 20;

/** A process with 40 MB of garbage in its old space, which prints what its heap holds every 50 ms. */
const program = (call: string) => `
  import { releaseIdleMemory } from ${JSON.stringify(MODULE)};
  let kept = Array.from({ length: 40 }, () => Array.from({ length: 16_384 }, () => ({ of: 1 })));
  setInterval(() => console.log(process.memoryUsage().heapUsed), 50);
  setTimeout(() => { kept = null; ${call} }, 200);
`;

async function heapsOf(call: string, until: (heaps: number[]) => boolean): Promise<number[]> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program(call)], {
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
  const released = await heapsOf("releaseIdleMemory({ afterMs: 100, everyMs: null })", fell);
  expect(fell(released)).toBe(true);
  const kept = await heapsOf("", (heaps) => fell(heaps) || heaps.length > 2 * released.length);
  expect(fell(kept)).toBe(false);
});

it("looks again later, and collects only once garbage has gathered", async () => {
  const call = `
    releaseIdleMemory({ afterMs: 100, everyMs: 100 });
    setTimeout(() => { kept = Array.from({ length: 40 }, () => Array.from({ length: 16_384 }, () => ({ of: 1 }))); kept = null; }, 1_000);
  `;
  let falls = 0;
  await heapsOf(call, (heaps) => {
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
