import { setTimeout as delay } from "node:timers/promises";
import { takeLock } from "./file-lock.mjs";
import { inRoot } from "./paths.mjs";

const TELL_AGAIN_MS = 30_000;

/** Runs `work` while no other bootstrap of this checkout installs or builds; waits for its turn. */
export async function withLock(work) {
  const { release, lost } = await acquire();
  process.once("exit", release);
  const end = () => {
    console.error(`This command ended: ${lost.reason}, so another one may work in this folder now. Run it again.`);
    process.exit(1);
  };
  lost.addEventListener("abort", end, { once: true });
  try {
    return await work();
  } finally {
    process.off("exit", release);
    lost.removeEventListener("abort", end);
    release();
  }
}

async function acquire() {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const lock = takeLock(inRoot(".bootstrap.lock"));
    if ("release" in lock) return lock;
    if (performance.now() - toldAtMs >= TELL_AGAIN_MS) {
      toldAtMs = performance.now();
      const where = lock.elsewhere ? ` on host ${lock.elsewhere.host}` : "";
      console.log(`· waiting for another npm command in this folder (process ${lock.holderPid}${where})`);
    }
    await delay(200);
  }
}
