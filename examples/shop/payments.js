import { serve, work } from "./service.js";

/** Charges cards at a bank that takes its time. */

let charges = 0;

serve({
  routes: {
    "/charges": async (url) => {
      charges++;
      await work(12);
      return { id: `ch_${process.pid}_${charges}`, order: Number(url.searchParams.get("order")), status: "captured" };
    },
  },
});
