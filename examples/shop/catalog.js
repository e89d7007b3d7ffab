import { Failure, log, serve, version, work } from "./service.js";

/** What there is to buy. Version 1.9.0 keeps its answers in memory and is a little faster. */

const PRODUCTS = ["Lamp", "Chair", "Desk", "Shelf", "Rug", "Clock"].map((name, i) => ({
  id: i + 1,
  name,
  priceCents: 1_900 + i * 1_250,
}));
const lookupMs = version === "1.9.0" ? 4 : 8;
const SLOW_MS = 12;
const REFRESH_MS = 10_000;

async function lookUp(query) {
  const tookMs = await work("look up products", lookupMs);
  if (tookMs > SLOW_MS) log("warn", `slow query: ${query} took ${tookMs} ms`);
}

setInterval(() => {
  const startedAt = performance.now();
  PRODUCTS.sort((a, b) => a.id - b.id);
  log("info", `cache refreshed: ${PRODUCTS.length} products in ${(performance.now() - startedAt).toFixed(2)} ms`);
}, REFRESH_MS);

serve({
  routes: {
    "/products": async () => {
      await lookUp("select * from products");
      return { products: PRODUCTS };
    },
    "/product": async (url) => {
      const id = url.searchParams.get("id");
      await lookUp("select * from products where id = $1");
      const product = PRODUCTS.find((one) => String(one.id) === id);
      if (!product) throw new Failure(404, "no such product");
      return product;
    },
  },
});
