import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Answers to what cannot be made a request of. */

const LINGER_MS = 1_000;

/** Opening a connection to somewhere else is for a forward proxy. */
export function refuseConnect(socket: Duplex): void {
  const message = "CONNECT is not supported here: this is a service, not a proxy. Send the request itself.";
  refuse(socket, "501 Not Implemented", "not_supported", message);
}

const ANSWERS: Record<string, readonly [status: string, code: string, message: string]> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "head_too_large",
    "The head of the request is larger than 16 KiB. Send less.",
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [
    "413 Content Too Large",
    "chunk_extensions_too_large",
    "The extensions of a chunk are larger than 16 KiB. Send none.",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "request_timeout", "The request did not come in time. Try again."],
};
const MALFORMED = ["400 Bad Request", "bad_request", "The request is not valid HTTP/1.1."] as const;

/** The status line, the code and the message for what Node could not read. */
export const refusalOf = (error: NodeJS.ErrnoException): readonly [status: string, code: string, message: string] =>
  ANSWERS[error.code ?? ""] ?? MALFORMED;

/** Answers what Node could not read, unless the connection is broken or an answer has begun on it. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, answering: boolean): void {
  if (answering || !socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  refuse(socket, ...refusalOf(error));
}

const bodyOf = (code: string, message: string): string => JSON.stringify({ error: { code, message } });

/** Answers a request that no instance answers. */
export function writeRefusal(response: ServerResponse, status: number, code: string, message: string): void {
  const body = bodyOf(code, message);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function refuse(socket: Duplex, status: string, code: string, message: string): void {
  endWith(socket, status, bodyOf(code, message));
}

/** Closes the connection behind the answer; not at once, as a client that still sends would lose it. */
export function endWith(socket: Duplex, status: string, body: string): void {
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.removeAllListeners("data");
  socket.on("error", () => undefined).end(`${head}\r\n\r\n${body}`);
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
