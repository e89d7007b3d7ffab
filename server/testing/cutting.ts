import { connect, createServer, type Socket } from "node:net";

/** A way to the real database that can be cut, as when its server is killed. */
export async function cutting(url: string) {
  const target = new URL(url);
  const { hostname, port } = target;
  const open = new Set<Socket>();
  const way = createServer((socket) => {
    const on = connect(Number(port), hostname);
    for (const [from, to] of [
      [socket, on],
      [on, socket],
    ] as const) {
      open.add(from);
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((done) => way.listen(0, "127.0.0.1", done));
  const address = way.address();
  if (typeof address === "string" || address === null) throw new Error("the way has no port");
  target.hostname = "127.0.0.1";
  target.port = String(address.port);
  return {
    url: target.href,
    cut: () => {
      way.close();
      for (const socket of open) socket.destroy();
    },
  };
}
