import { spawn } from "node:child_process";
import { constants } from "node:os";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { explainFailure } from "./errors.mjs";
import { inRoot, ROOT } from "./paths.mjs";

/** The Node everything but this bootstrap runs on: the npm package `node`. */
export const PINNED_NODE = inRoot("node_modules/.bin/node");

/** where Node finds types stripped and code compiled: about a sixth of a start's CPU time, and memory of its stripper */
export const COMPILE_CACHE = process.env.NODE_COMPILE_CACHE || inRoot("node_modules/.cache/node");

/** the child has taken over */
const SETTLED_MS = 10_000;

/** From now on this process only waits: it need not keep what the preparation left behind. */
function releaseMemory() {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

/**
 * Hands over to the pinned Node: same terminal, signals passed on. The channel only tells the other side that this
 * process is gone, however it went. `env` is for what the environment does not say. Resolves with the exit code.
 */
export function runPinned(args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(PINNED_NODE, args, {
      cwd: ROOT,
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...env, ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    });
    const pass = (signal) => child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, pass);
    setTimeout(releaseMemory, SETTLED_MS).unref();
    child.once("error", (error) => reject(explainFailure("Starting the pinned Node", error.message)));
    child.once("exit", (code, signal) => {
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(name, pass);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
