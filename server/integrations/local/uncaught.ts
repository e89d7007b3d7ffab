import { executionAsyncResource } from "node:async_hooks";
import { Socket } from "node:net";
import type { FaultLog } from "./fault-log.ts";

/**
 * Lets the process go on after an exception that nobody caught, ends the connection that it belongs to, where Node
 * knows it, and counts and logs it. Node advises to end, as some state may be half changed. Here that would cut every
 * connection to every service, and again at each repeated packet: one request that went wrong is the lesser harm.
 */
export function outliveExceptions(faults: FaultLog): void {
  process.on("uncaughtException", (error) => {
    const resource = executionAsyncResource() as { socket?: unknown; owner?: unknown };
    for (const one of [resource.socket, resource.owner]) if (one instanceof Socket) one.destroy();
    faults.note(error);
  });
}
