import { call, serve, work } from "./service.js";

/** The front door: composes pages out of catalog and checkout. */

const { CATALOG_URL, CHECKOUT_URL } = process.env;

serve({
  routes: {
    "/": async (_, headers) => {
      await work(3);
      const { products } = await call(CATALOG_URL, "/products", { headers });
      return { page: "home", products: products.slice(0, 3) };
    },
    "/products": async (_, headers) => {
      await work(2);
      return call(CATALOG_URL, "/products", { headers });
    },
    "/checkout": async (url, headers) => {
      await work(4);
      return call(CHECKOUT_URL, `/orders?product=${url.searchParams.get("product") ?? 1}`, { headers });
    },
  },
  async health() {
    await Promise.all([CATALOG_URL, CHECKOUT_URL].map((url) => call(url, "/healthz", { timeoutMs: 2_000 })));
  },
});
