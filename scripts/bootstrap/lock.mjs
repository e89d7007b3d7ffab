import { setTimeout as delay } from "node:timers/promises";
import { takeLock } from "./file-lock.mjs";
import { inRoot } from "./paths.mjs";

/** Runs `work` while no other bootstrap of this checkout installs or builds; waits for its turn. */
export async function withLock(work) {
  const { release } = await acquire();
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

async function acquire() {
  let told = false;
  for (;;) {
    const lock = takeLock(inRoot(".bootstrap.lock"));
    if ("release" in lock) return lock;
    if (!told) console.log(`· waiting for another npm command in this folder (process ${lock.holderPid})`);
    told = true;
    await delay(200);
  }
}
