import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** proc(5), /proc/net/tcp: a process may still read from what it has only shut down for writing. */
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
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

  /** Watches the socket of a client, whose end was read, until it closes. */
  watch(socket: Socket): void {
    if (socket.destroyed || socket.writableEnded) return; // nothing is due to it
    this.#since.set(socket, performance.now());
    socket.once("close", () => this.#since.delete(socket));
    this.#added = true;
    if (!this.#busy) void this.#check();
  }

  /** It is not known yet whether somebody still reads. */
  doubts(socket: Socket): boolean {
    const sinceMs = this.#since.get(socket);
    return sinceMs !== undefined && performance.now() - sinceMs < SETTLED_MS;
  }

  async #check(): Promise<void> {
    this.#busy = true;
    while (this.#since.size > 0) {
      this.#added = false;
      const asked = [...this.#since.keys()];
      const peers = await readPeers(new Set(asked.map((socket) => socket.localPort ?? 0)));
      for (const socket of asked) if (peers(socket) !== "reads") socket.destroy();
      // A process lets go of what it closes a moment after the end went out.
      const since = performance.now() - SETTLED_MS;
      const untilMs = performance.now() + LATER_CHECKS_MS;
      do await new Promise((resolve) => setTimeout(resolve, FIRST_CHECKS_MS).unref());
      while (!this.#added && performance.now() < untilMs && asked.every((one) => (this.#since.get(one) ?? 0) < since));
    }
    this.#busy = false;
  }
}

/** What the kernel knows of the other ends of connections to these ports of ours. */
async function readPeers(ports: ReadonlySet<number>): Promise<(socket: Socket) => Peer> {
  const owned = new Map<string, boolean>();
  for (const table of TABLES) {
    const text = await readFile(table, "latin1").catch(() => "");
    for (const line of text.split("\n")) {
      const [, local = "", remote = "", , , , , , , inode] = line.trim().split(/\s+/, 10);
      const [localPort, remotePort] = [portOf(local), portOf(remote)];
      if (ports.has(localPort) || ports.has(remotePort)) owned.set(`${localPort}>${remotePort}`, inode !== "0");
    }
  }
  return ({ localPort, remotePort }) => {
    // A table without our own end tells nothing of the other.
    if (!owned.has(`${localPort}>${remotePort}`)) return "unknown";
    return owned.get(`${remotePort}>${localPort}`) === true ? "reads" : "gone";
  };
}

const portOf = (address: string): number => Number.parseInt(address.slice(address.lastIndexOf(":") + 1), 16);
