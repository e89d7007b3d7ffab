import { Failure, serve, version, work } from "./service.js";

/** What there is to buy. Version 1.9.0 keeps its answers in memory and is a little faster. */

const PRODUCTS = ["Lamp", "Chair", "Desk", "Shelf", "Rug", "Clock"].map((name, i) => ({
  id: i + 1,
  name,
  priceCents: 1_900 + i * 1_250,
}));
const lookupMs = version === "1.9.0" ? 4 : 8;

serve({
  routes: {
    "/products": async () => {
      await work(lookupMs);
      return { products: PRODUCTS };
    },
    "/product": async (url) => {
      await work(lookupMs);
      const product = PRODUCTS.find((one) => String(one.id) === url.searchParams.get("id"));
      if (!product) throw new Failure(404, "no such product");
      return product;
    },
  },
});
