import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** proc(5), /proc/net/tcp: a process may still read from what it has only shut down for writing. */
const TABLES = [
  { file: "/proc/net/tcp", addressLength: 8 },
  { file: "/proc/net/tcp6", addressLength: 32 },
];
const FIRST_CHECKS_MS = 25;
const LATER_CHECKS_MS = 500;
const SETTLED_MS = 200;

type Peer = "reads" | "gone" | "unknown";

/**
 * Clients that have closed their side while an answer is due. On the wire those who left and those who only said all
 * they had to say look alike; on the loopback interface the kernel knows: what was closed belongs to no process any
 * more. Who left is cut off. Where the kernel does not tell, whoever closes has left.
 */
export class HalfClosedClients {
  readonly #since = new Map<Socket, number>();
  #busy = false;
  /** somebody came after the last look */
  #added = false;
  readonly #onFault: (error: unknown) => void;

  /** @param onFault told what was thrown, which ends a look; the next client begins another */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Watches the socket of a client, whose end was read, until it closes. */
  watch(socket: Socket): void {
    if (socket.destroyed || socket.writableEnded) return; // nothing is due to it
    this.#since.set(socket, performance.now());
    socket.once("close", () => this.#since.delete(socket));
    this.#added = true;
    if (!this.#busy) this.#check().catch(this.#onFault);
  }

  /** It is not known yet whether somebody still reads. */
  doubts(socket: Socket): boolean {
    const sinceMs = this.#since.get(socket);
    return sinceMs !== undefined && performance.now() - sinceMs < SETTLED_MS;
  }

  async #check(): Promise<void> {
    this.#busy = true;
    try {
      await this.#checkUntilNone();
    } finally {
      this.#busy = false;
    }
  }

  async #checkUntilNone(): Promise<void> {
    while (this.#since.size > 0) {
      this.#added = false;
      const asked = [...this.#since.keys()];
      const peers = await readPeers(new Set(asked.map((socket) => socket.localPort ?? 0)));
      for (const socket of asked) if (peers(socket) !== "reads") socket.destroy();
      // A process lets go of what it closes a moment after the end went out.
      const since = performance.now() - SETTLED_MS;
      const settled = asked.every((socket) => (this.#since.get(socket) ?? 0) < since);
      const waitMs = settled ? LATER_CHECKS_MS : FIRST_CHECKS_MS;
      const untilMs = performance.now() + waitMs;
      while (!this.#added && performance.now() < untilMs)
        await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, FIRST_CHECKS_MS)).unref());
    }
  }
}

/** What the kernel knows of the other ends of connections to these ports of ours. */
async function readPeers(ports: ReadonlySet<number>): Promise<(socket: Socket) => Peer> {
  const owned = new Map<string, boolean>();
  for (const { file, addressLength } of TABLES) {
    const text = await readFile(file, "latin1").catch(() => "");
    for (const line of text.split("\n")) {
      // "   0: 0100007F:AFAB 0100007F:9C40 01 …": most lines are of others, and there may be many
      const local = line.indexOf(": ") + 2 + addressLength + 1;
      const remote = local + 5 + addressLength + 1;
      const [localPort, remotePort] = [portAt(line, local), portAt(line, remote)];
      if (!ports.has(localPort) && !ports.has(remotePort)) continue;
      const inode = line.trim().split(/\s+/, 10)[9];
      owned.set(`${localPort}>${remotePort}`, inode !== "0");
    }
  }
  return ({ localPort, remotePort }) => {
    // A table without our own end tells nothing of the other.
    if (!owned.has(`${localPort}>${remotePort}`)) return "unknown";
    return owned.get(`${remotePort}>${localPort}`) === true ? "reads" : "gone";
  };
}

const portAt = (line: string, at: number): number => Number.parseInt(line.slice(at, at + 4), 16);
