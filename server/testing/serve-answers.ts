import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { RunningServer } from "./monitoring-servers.ts";

/** A server on a free port that answers what a test says. */
export async function serveAnswers(answer: (path: string) => { status: number; body: string }): Promise<RunningServer> {
  const server = createServer((request, response) => {
    const { status, body } = answer(request.url ?? "/");
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
