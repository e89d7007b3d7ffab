import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Balancer, type BalancerOptions } from "../../integrations/local/balancer.ts";

/** A balancer before one instance that speaks bytes: `serve` gets each of its connections. `close` ends them all. */
export async function openBalancerOfOne(options: BalancerOptions, serve: (socket: Socket) => void) {
  const observer = { currentVersion: () => "1", refused: () => undefined };
  const balancer = new Balancer({ service: "web", environment: "staging" }, observer, options);
  const port = await balancer.listen(0);
  const open = new Set<Socket>();
  const instance = createServer((socket) => {
    open.add(socket.on("error", () => undefined));
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(instance, "listening");
  const address = instance.address();
  const target = balancer.createTarget("a", "1", typeof address === "object" && address ? address.port : 0);
  balancer.rotation.update([target], null);
  const close = async () => {
    await balancer.close(0);
    for (const socket of open) socket.destroy();
    instance.close();
    await target.pool.destroy();
  };
  return { balancer, port, close };
}

/** A client that sends a text, one character a byte, and keeps what comes back. */
export function sendBytes(port: number, request: string) {
  const socket = connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.write(request, "latin1");
  return { socket, text: () => text, closed: once(socket, "close") };
}
