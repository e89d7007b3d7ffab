import { releaseIdleMemory } from "./idle-memory.ts";

/** What a process that the supervisor started owes to it: it answers, says what it waits for, and leaves when asked. */

interface Channel {
  /** tells the supervisor that this process does its work */
  ready(): void;
  /** tells what the process waits for, for people: "the database" */
  waitingFor(what: string): void;
}

/**
 * Call once, early. `end` is called with a reason on SIGTERM and when the supervisor is gone; a process that has not
 * ended `giveUpMs` later ends without order, so that it never outlives its supervisor.
 */
export function underSupervisor(end: (reason: string) => Promise<void>, giveUpMs: number): Channel {
  let ending = false;
  const leave = (reason: string) => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), giveUpMs).unref();
    void end(reason).finally(() => process.exit(0));
  };
  process.on("SIGTERM", () => leave("SIGTERM"));
  process.on("SIGINT", () => {}); // a terminal's Ctrl-C goes to the supervisor, which ends everything in order
  process.on("disconnect", () => leave("supervisor gone"));
  const send = (message: object) => {
    if (process.connected) process.send?.(message);
  };
  process.on("message", (message) => {
    if (typeof message === "object" && message !== null && "type" in message && message.type === "ping")
      send({ type: "pong" });
  });
  releaseIdleMemory();
  return { ready: () => send({ type: "ready" }), waitingFor: (what) => send({ type: "waiting", what }) };
}
