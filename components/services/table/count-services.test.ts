import { expect, it } from "vitest";
import { countServices } from "./count-services.ts";

const at = (service: string, environment: string | null) => ({
  ...{ service, environment },
  origin: environment === null ? ("observed" as const) : ("configured" as const),
});
const two = [at("a", "production"), at("a", "staging"), at("b", "production"), at("b", "staging")];

it.each([
  [two, 4, "2 services in 2 environments"],
  [[...two, at("mailer", null)], 5, "3 services in 2 environments"],
  [two.slice(0, 1), 4, "1 service in 1 environment, 1 of 4 rows"],
  [[at("mailer", null)], 1, "1 service"],
  [[...two, at("operate", null)], 5, "2 services in 2 environments"],
  [[at("operate", null)], 1, "no service configured"],
])("counts services, not rows: %j of %i", (rows, total, words) =>
  expect(countServices(rows, total).replaceAll("\u00a0", " ")).toBe(words),
);
