import { expect, it } from "vitest";
import { consoleLink } from "./console-link.ts";

it.each([
  ["checkout", "http://127.0.0.1:4400", "http://checkout.localhost:4400"],
  ["checkout", "http://localhost:4400/", "http://checkout.localhost:4400/"],
  ["checkout", "http://[::1]:4400/a?b=c", "http://checkout.localhost:4400/a?b=c"],
  ["a-", "http://127.0.0.5:1", "http://a.localhost:1"],
  ["a--b", "http://127.0.0.1:1", "http://a-b.localhost:1"],
  ["Über_shop", "http://127.0.0.1:1", "http://ber-shop.localhost:1"],
  ["—", "http://127.0.0.1:1", "http://service.localhost:1"],
  ["checkout", "https://shop.example", "https://shop.example"],
  ["checkout", "http://10.0.0.7:80", "http://10.0.0.7:80"],
  ["checkout", "http://127.0.0.1.example", "http://127.0.0.1.example"],
])("links to %s at %s by a host that is not the console's, where it is on this machine", (service, url, link) => {
  expect(consoleLink(service, url)).toBe(link);
});
