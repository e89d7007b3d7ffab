import { call, log, serve, work } from "./service.js";

/** The front door: composes pages out of catalog and checkout. */

const { CATALOG_URL, CHECKOUT_URL } = process.env;
const SLOW_MS = 6;

/** Puts the page together; a template that takes long is worth a line. */
async function render(page, ms) {
  const tookMs = await work("render page", ms);
  if (tookMs > SLOW_MS) log("warn", `template ${page} took ${tookMs} ms`);
}

serve({
  routes: {
    "/": async (_, headers) => {
      await render("home", 3);
      const { products } = await call(CATALOG_URL, "/products", { headers });
      return { page: "home", products: products.slice(0, 3) };
    },
    "/products": async (_, headers) => {
      await render("products", 2);
      return call(CATALOG_URL, "/products", { headers });
    },
    "/checkout": async (url, headers) => {
      await render("checkout", 4);
      return call(CHECKOUT_URL, `/orders?product=${url.searchParams.get("product") ?? 1}`, { headers });
    },
  },
  async health() {
    await Promise.all([CATALOG_URL, CHECKOUT_URL].map((url) => call(url, "/healthz", { timeoutMs: 2_000 })));
  },
});
