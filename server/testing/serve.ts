import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

interface Options {
  /** 0: a free one */
  port?: number;
  /** answers itself what goes no further */
  rejects?: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;
}

/** Serves a fetch-shaped handler on a port of this machine, as the web process does with Next in between. */
export async function serve(
  handle: (request: Request) => Promise<Response>,
  { port: wanted = 0, rejects = () => false }: Options = {},
) {
  const server = createServer(async (incoming, outgoing) => {
    if (rejects(incoming, outgoing)) return;
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    try {
      const response = await handle(requestOf(incoming, gone.signal));
      outgoing.setHeaders(response.headers);
      outgoing.writeHead(response.status);
      if (response.body) await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
      else outgoing.end();
    } catch {
      outgoing.destroy(); // the client went away, which ends a stream
    }
  });
  await new Promise<void>((resolve) => server.listen(wanted, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", url = "/", headers } = incoming;
  const given = Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().map((one) => [name, one]));
  const body = method === "GET" || method === "HEAD" ? null : (Readable.toWeb(incoming) as unknown as BodyInit);
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: given as [string, string][],
    body,
    signal,
    duplex: "half",
  } as RequestInit);
}
