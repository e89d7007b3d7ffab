import { describe, expect, it } from "vitest";
import { listedNames, unknownEnvironment, unknownName } from "./allowed-names.ts";

const many = Array.from({ length: 45 }, (_, n) => `service-${n}`);

describe("the refusal of an unknown name", () => {
  it.each([
    [{ what: "service", given: "shp", allowed: ["shop", "cart"] }, "There is no service shp. Known: shop, cart."],
    [{ what: "service", given: "shp", allowed: [] }, "There is no service shp. Known: none."],
    [{ what: "deployment", given: "dep_1" }, "There is no deployment dep_1."],
    [
      { what: "version", given: "9", allowed: ["1"], intro: "Versions of shop", way: "Add it." },
      "There is no version 9. Versions of shop: 1. Add it.",
    ],
    [{ what: "pattern", given: "1\u202e\n2" }, "There is no pattern 1\ufffd\ufffd2."],
  ])("of %o says what there is", (name, message) => expect(unknownName(name).message).toBe(message));

  it("has the name and all that may stand instead as data", () => {
    expect(unknownName({ what: "incident", given: "7", key: "incidentId" })).toMatchObject({
      code: "NOT_FOUND",
      details: { incidentId: "7" },
    });
    const refusal = unknownName({ what: "service", given: "x", allowed: many, code: "INVALID" });
    expect(refusal).toMatchObject({ code: "INVALID", details: { service: "x", allowed: many } });
  });

  it("says of an environment where the service runs", () => {
    const { message } = unknownEnvironment("shop", "qa", ["staging", "production"]);
    expect(message).toBe("There is no environment qa. shop runs in: staging, production.");
  });
});

it("of many names the 20 nearest are listed, nearest first, and the others counted", () => {
  const listed = listedNames(many, "servce-33");
  expect(listed).toMatch(/^service-33, /);
  expect(listed).toMatch(/ and 25 more$/);
  expect(listed.split(", ")).toHaveLength(20);
});
