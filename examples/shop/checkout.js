import { call, Failure, log, serve, version, work } from "./service.js";
import { counter } from "./telemetry.js";

/**
 * Takes orders and has payments charge them. Some versions are broken on purpose, each in its own way, so that there
 * is something to find, roll back and write an incident about.
 */

const { PAYMENTS_URL } = process.env;

const everyTwentiethFails = version === "2.5.0";
const slowTail = version === "2.6.0";
const neverReady = version === "2.7.0";

const placed = counter("shop.orders", "{order}", "Orders by how they ended");

let orders = 0;

if (neverReady) {
  const explain = () => log("error", "migration 0042 failed: column orders.tax_rate does not exist, not taking orders");
  explain();
  setInterval(explain, 5_000);
}

serve({
  routes: {
    "/orders": async (url, headers) => {
      const order = ++orders;
      const product = Number(url.searchParams.get("product"));
      const cents = 1_900 + Math.max(0, product - 1) * 1_250;
      try {
        await work("price order", 18);
        if (everyTwentiethFails && order % 20 === 0)
          throw new Failure(500, "rounding error: total is not the sum of its lines");
        // One order in five waits for a lock, long enough to double the 95th percentile and leave the median alone.
        if (slowTail && order % 5 === 0) {
          const waitedMs = await work("wait for lock", 34);
          log("warn", `waited ${waitedMs} ms for the lock of table orders`);
        }
        const payment = await call(PAYMENTS_URL, `/charges?order=${order}&cents=${cents}`, { headers });
        placed.add(1, { outcome: "placed" });
        log("info", `order ${order} placed: product ${product}, ${(cents / 100).toFixed(2)} EUR`);
        return { order, product, payment: payment.id, version };
      } catch (error) {
        placed.add(1, { outcome: "failed" });
        throw error;
      }
    },
  },
  ready() {
    if (neverReady) throw new Failure(503, "waiting for migration 0042");
  },
  async health() {
    await call(PAYMENTS_URL, "/healthz", { timeoutMs: 1_000 });
  },
});
