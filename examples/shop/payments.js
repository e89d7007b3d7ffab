import { log, serve, version, work } from "./service.js";
import { counter } from "./telemetry.js";

/** Charges cards at a bank that takes its time. Version 1.5.0 says more in its logs. */

const SLOW_MS = 18;
const charged = counter("shop.payments.charged", "{EUR}", "Money charged");

let charges = 0;

serve({
  routes: {
    "/charges": async (url) => {
      const order = Number(url.searchParams.get("order"));
      const cents = Number(url.searchParams.get("cents") ?? 0);
      const id = `ch_${process.pid}_${++charges}`;
      const bank = { kind: "client", attributes: { "peer.service": "bank", "shop.charge.id": id } };
      const tookMs = await work("charge card", 12, bank);
      if (tookMs > SLOW_MS) log("warn", `bank took ${tookMs} ms to answer`);
      charged.add(cents / 100);
      const details = version === "1.5.0" ? { charge: id, order, attempt: 1 } : {};
      log("info", `payment ${id} captured: ${(cents / 100).toFixed(2)} EUR for order ${order}`, details);
      return { id, order, status: "captured" };
    },
  },
});
