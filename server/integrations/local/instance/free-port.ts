import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { AppError } from "#server/agent/kernel/errors.ts";

/** Below the range that systems hand out for outgoing connections, so that none of those takes a port meant to last. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 200;

/** A port of the loopback interface that nobody listens on and that is not in `taken`. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new AppError("PRECONDITION", `No free port between ${LOWEST} and ${HIGHEST} was found. Stop what uses them.`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
