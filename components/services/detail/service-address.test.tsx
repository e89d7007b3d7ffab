import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { ServiceAddress } from "./service-address.tsx";

it("shows the address that every program reaches, and links to a host of the service's own", () => {
  const html = renderToStaticMarkup(<ServiceAddress service="checkout" url="http://127.0.0.1:4400" />);
  expect(html.replace(/<[^>]*>/g, "")).toBe("http://127.0.0.1:4400");
  expect(html).toContain('href="http://checkout.localhost:4400"');
});
