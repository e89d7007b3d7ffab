import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { buildConnector } from "undici";
import type { AddressRule } from "./address-rule.ts";
import type { Reachable } from "./reachable.ts";

interface ConnectorOptions {
  rule: AddressRule;
  reachable: Reachable;
  trusted: boolean;
  /** certificate authorities besides the system's, PEM */
  ca: string[] | undefined;
  /** sees each TLS connection as it is made */
  onTls?: (socket: TLSSocket) => void;
}

/** Opens connections for undici, only to addresses the rule lets through. HTTP/1.1; certificates are verified. */
export function createConnector(options: ConnectorOptions): buildConnector.connector {
  const lookup = options.reachable.lookup(options.trusted);
  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, "");
    const secure = target.protocol === "https:";
    let done: typeof callback | null = callback;
    const fail = (error: Error) => {
      done?.(error, null);
      done = null;
    };
    let socket: Socket;
    try {
      if (isIP(host)) options.rule.checkAddress(host, options.trusted); // net.connect looks no address up
      const to = { host, port: Number(target.port || (secure ? 443 : 80)), lookup };
      socket = secure
        ? connectTls({
            ...to,
            ALPNProtocols: ["http/1.1"],
            ...(isIP(host) ? {} : { servername: host }),
            ...ca(options),
          })
        : connectTcp(to);
    } catch (error) {
      fail(error as Error);
      return;
    }
    socket.setNoDelay(true);
    socket.once(secure ? "secureConnect" : "connect", () => {
      if (secure) options.onTls?.(socket as TLSSocket);
      done?.(null, socket);
      done = null;
    });
    socket.on("error", fail);
    socket.once("close", () => {
      if (done) fail(Object.assign(new Error("closed while connecting"), { code: "ECONNRESET" }));
    });
  };
}

const ca = (options: ConnectorOptions) => (options.ca ? { ca: options.ca } : {});
