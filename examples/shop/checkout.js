import { call, Failure, log, serve, version, work } from "./service.js";

/**
 * Takes orders and has payments charge them. Some versions are broken on purpose, each in its own way, so that there
 * is something to find, roll back and write an incident about.
 */

const { PAYMENTS_URL } = process.env;

const everyTwentiethFails = version === "2.5.0";
const slowTail = version === "2.6.0";
const neverReady = version === "2.7.0";

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
      await work(18);
      if (everyTwentiethFails && order % 20 === 0)
        throw new Failure(500, "rounding error: total is not the sum of its lines");
      // One order in five waits for a lock, long enough to double the 95th percentile and leave the median alone.
      if (slowTail && order % 5 === 0) await work(34);
      const payment = await call(PAYMENTS_URL, `/charges?order=${order}`, { headers });
      return { order, product: Number(url.searchParams.get("product")), payment: payment.id, version };
    },
  },
  ready() {
    if (neverReady) throw new Failure(503, "waiting for migration 0042");
  },
  async health() {
    await call(PAYMENTS_URL, "/healthz", { timeoutMs: 1_000 });
  },
});
