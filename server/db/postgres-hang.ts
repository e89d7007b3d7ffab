import { readFileSync } from "node:fs";
import { connect } from "node:net";

/** Whether a PostgreSQL hangs, and how to end one that does. */

/** SSLRequest of the frontend/backend protocol: length 8, code 80877103. Asks for nothing but a sign of life. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const LONGEST_QUESTION_MS = 60_000;

/** Whether the postmaster takes a connection and answers, while it recovers, too. Open for as long as it is silent. */
export function takesConnections(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(LONGEST_QUESTION_MS, () => settle(false));
    socket.once("connect", () => socket.write(SSL_REQUEST));
    socket.once("data", () => settle(true));
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
    socket.unref();
  });
}

/** Kills a postmaster, and its children, which may hang with it and would keep its shared memory. */
export function killServer(pid: number): void {
  const children = childrenOf(pid);
  for (const one of [pid, ...children]) send(one, "SIGKILL");
}

export const resume = (pid: number): void => send(pid, "SIGCONT");

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").map(Number).filter(Boolean);
  } catch {
    return []; // another system, or gone: children notice the end of their postmaster
  }
}

/** Signals a process; one that ended meanwhile is fine. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
