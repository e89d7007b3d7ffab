import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { isAllOurs, listenersOn } from "../instance/port-holder.ts";

/**
 * Node takes one connection from a listening socket in each turn of its loop (libuv, uv__server_io). A process that gets
 * little of the processor turns a few times a second: with one socket it would take fewer clients than come, each only
 * after the last one's patience had ended, and go on so for as long as clients come. Only Linux shares a port evenly.
 */
const SOCKETS = process.platform === "linux" ? 16 : 1;
export const LOOPBACK = "127.0.0.1";
/** connections that wait to be taken, in all */
const QUEUE = 2_048;

interface Address {
  port: number;
  host: string;
}

/** The listening sockets of one HTTP server, on one port. */
export class Listeners {
  readonly #http: HttpServer;
  readonly #more: Server[] = [];

  constructor(http: HttpServer) {
    this.#http = http;
  }

  /**
   * @param port 0: any that is free
   * @returns the port
   * @throws what Node says, EADDRINUSE when somebody listens there
   */
  async listen({ port, host }: Address): Promise<number> {
    if (SOCKETS === 1) return open(this.#http, { port, host, backlog: QUEUE });
    // Sockets that share a port share it with those of other processes of the user: this one is refused beside any.
    const alone = createServer();
    const found = await open(alone, { port, host });
    await closed(alone);
    const shared = { port: found, host, backlog: QUEUE / SOCKETS, reusePort: true };
    try {
      await open(this.#http, shared);
      for (let i = 1; i < SOCKETS; i++) {
        const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
          this.#http.emit("connection", socket);
        });
        this.#more.push(server);
        await open(server, shared);
      }
      if (host === LOOPBACK && !isAllOurs(listenersOn(found) ?? []))
        throw Object.assign(new Error(`listen EADDRINUSE: port ${found} is taken`), { code: "EADDRINUSE" });
    } catch (error) {
      await this.close();
      throw error;
    }
    return found;
  }

  /** Takes no more connections; resolves when those that were taken have ended. */
  async close(): Promise<void> {
    await Promise.all([this.#http, ...this.#more.splice(0)].map(closed));
  }
}

async function open(server: Server, options: Address & { backlog?: number; reusePort?: boolean }): Promise<number> {
  server.listen(options);
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : options.port;
}

/** Also of one that does not listen. */
const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
