import type { Socket } from "node:net";
import { EndedEarly } from "./ended-early.ts";

/** Bytes a client may send before the instance has changed the protocol. */
const MOST_EARLY_BYTES = 64 * 1024;

/** A client's connection that is to speak another protocol: holds what comes early, then joins it to an instance's. */
export class Tunnel {
  readonly #client: Socket;
  readonly #early: Buffer[] = [];
  #earlyBytes = 0;
  #instance: Socket | null = null;
  #ending: EndedEarly | null = null;

  constructor(client: Socket, first: Buffer) {
    this.#client = client;
    // "close" follows
    client.on("error", () => undefined);
    client.on("data", this.#hold);
    if (first.length > 0) this.#hold(first);
  }

  /** Without somebody who reads, Node would not tell that the client has left. */
  readonly #hold = (chunk: Buffer): void => {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > MOST_EARLY_BYTES) this.#client.pause();
  };

  /**
   * Passes bytes on both ways until both have ended, one is lost, or nothing came for `idleMs`.
   * @param head for the client, one character a byte @param rest what the instance sent behind its head
   * @param onKnown told once whether the instance kept the connection it had agreed to
   */
  open(
    instance: Socket,
    { head, rest, idleMs }: { head: string; rest: Buffer; idleMs: number },
    { onKnown, onClosed }: { onKnown: (outcome: "upgraded" | "brokenOff") => void; onClosed: () => void },
  ): void {
    const client = this.#client;
    this.#ending = new EndedEarly(client, instance, { head, rest }, onKnown);
    this.#instance = instance;
    client.off("data", this.#hold);
    client.write(head, "latin1");
    if (rest.length > 0) client.write(rest);
    for (const chunk of this.#early.splice(0)) instance.write(chunk);
    client.setTimeout(idleMs, () => this.destroy());
    instance.on("error", () => undefined).once("close", () => client.destroySoon());
    client.once("close", () => {
      instance.destroySoon();
      onClosed();
    });
    client.pipe(instance);
    instance.pipe(client);
    if (instance.destroyed) client.destroySoon();
  }

  destroy(): void {
    this.#ending?.notByInstance();
    this.#instance?.destroy();
    this.#client.destroy();
  }
}
