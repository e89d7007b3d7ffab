import { once } from "node:events";
import { connect, createServer, type ServerOpts, type Socket } from "node:net";
import { type OutcomeCounts, sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { Balancer, type BalancerOptions } from "#server/integrations/local/balancer/balancer.ts";
import type { Target } from "#server/integrations/local/balancer/exchange-host.ts";

/** A balancer in front of one instance that is a bare socket server: tests say and read every byte themselves. */
export interface BehindBalancer {
  balancer: Balancer;
  /** the balancer's */
  port: number;
  target: Target;
  close(): Promise<void>;
}

/** @param serve gets each connection the balancer opens to the instance */
export async function behindBalancer(
  serve: (socket: Socket) => void,
  { balancer: options = {}, instance: socketOptions = {} }: { balancer?: BalancerOptions; instance?: ServerOpts } = {},
): Promise<BehindBalancer> {
  const balancer = new Balancer(
    { service: "web", environment: "staging" },
    { currentVersion: () => "1", refused: () => undefined },
    options,
  );
  const port = await balancer.listen(0);
  const open = new Set<Socket>();
  const instance = createServer(socketOptions, (socket) => {
    open.add(socket.on("error", () => undefined));
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(instance, "listening");
  const address = instance.address();
  const target = balancer.createTarget("a", "1", typeof address === "object" && address ? address.port : 0);
  balancer.rotation.update([target], null);
  return {
    ...{ balancer, port, target },
    async close() {
      await balancer.close(0);
      for (const socket of open) socket.destroy();
      instance.close();
      await target.pool.destroy();
    },
  };
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

/** What a balancer has counted since its start, one row per version: a test may run from one bucket into the next. */
export function countedByVersion(balancer: Balancer): ({ version: string } & OutcomeCounts)[] {
  const rows = balancer.trafficSince(0, Date.now() + 20_000);
  const versions = [...new Set(rows.map(({ version }) => version))];
  return versions.map((version) => ({ version, ...sumOutcomes(rows.filter((row) => row.version === version)) }));
}
