import { setTimeout as sleep } from "node:timers/promises";
import autocannon from "autocannon";
import { Pool } from "undici";

/**
 * Load from a process of its own. Arguments: url, connections, seconds, requests per second. Measures the highest
 * throughput (closed loop), then the latency at a moderate rate (open loop), where queueing does not hide the proxy.
 */
const [url = "", connections = "32", seconds = "4", rate = "1000"] = process.argv.slice(2);

const flood = await autocannon({ url, connections: Number(connections), duration: Number(seconds) });

const pool = new Pool(url, { connections: Number(connections) });
const latenciesMs: number[] = [];
let failed = 0;
const visit = async (measured: boolean) => {
  const startedAt = performance.now();
  try {
    const response = await pool.request({ path: "/", method: "GET" });
    await response.body.dump();
    if (measured) latenciesMs.push(performance.now() - startedAt);
  } catch {
    failed++;
  }
};
const startedAt = performance.now();
const total = Number(rate) * Number(seconds);
const warmUp = Number(rate) / 2;
for (let sent = 0; sent < total; ) {
  const due = Math.min(total, ((performance.now() - startedAt) * Number(rate)) / 1_000);
  for (; sent < due; sent++) void visit(sent > warmUp);
  await sleep(1);
}
await pool.close();
process.send?.({
  requestsPerSecond: flood.requests.average,
  failed: failed + flood.errors + flood.non2xx,
  latenciesMs,
});
process.disconnect?.();
