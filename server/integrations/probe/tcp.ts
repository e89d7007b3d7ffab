import { connect } from "node:net";
import type { ProbeResult, ProbeSpec } from "../../agent/ports/prober.ts";
import type { Reachable } from "../http/reachable.ts";
import { tooSlow } from "./judge.ts";

type TcpSpec = Extract<ProbeSpec, { type: "tcp" }>;

/** Up when a connection is accepted; it is closed at once, nothing is sent. Rejects with the network error. */
export async function probeTcp(reachable: Reachable, spec: TcpSpec, signal: AbortSignal): Promise<ProbeResult> {
  const startedAt = performance.now();
  const trusted = spec.trusted?.includes(`${spec.host}:${spec.port}`) ?? false;
  const addresses = await reachable.addressesOf(spec.host, trusted);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({
      host: spec.host,
      port: spec.port,
      lookup: (_host, options, callback) => {
        const first = addresses[0];
        if (options.all) callback(null, addresses);
        else callback(null, first?.address ?? "", first?.family);
      },
      signal,
    });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
  });
  const latencyMs = performance.now() - startedAt;
  const slow = tooSlow(latencyMs, spec.maxLatencyMs);
  return { outcome: slow ? "degraded" : "up", latencyMs, statusCode: null, message: slow };
}
