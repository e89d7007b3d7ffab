import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { endWith, refusalOf } from "./integrations/local/balancer/refusals.ts";

/**
 * Answers requests that are no valid HTTP, break off or do not come in time, and says why; without it Node sends a bare
 * status line. A request that has an answer gets no second one.
 */
export function answerUnreadable(server: Server): void {
  const last = new WeakMap<Duplex, { request: IncomingMessage; response: ServerResponse }>();
  server.on("request", (request, response) => void last.set(request.socket, { request, response }));
  server.on("clientError", (error: NodeJS.ErrnoException & { reason?: string }, socket) => {
    const before = last.get(socket);
    const isAnswered = before?.response.headersSent && !before.request.complete;
    if (isAnswered || !socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const [status, , message] = refusalOf(error);
    // the parser's own words, which hold nothing of the request
    const why = error.reason ? ` ${error.reason}.` : "";
    endWith(socket, status, JSON.stringify({ code: "INVALID", message: `${message}${why}` }));
  });
}
