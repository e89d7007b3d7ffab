import { expect, it } from "vitest";
import { compareHref, compareInput } from "./compare-input.ts";

const URL_OF = { service: "checkout", environment: "production", baseline: null, candidate: null, minutes: null };

it("asks for nothing before a service and its environment are chosen", () => {
  expect(compareInput({ ...URL_OF, service: null })).toBeNull();
  expect(compareInput({ ...URL_OF, environment: "" })).toBeNull();
});

it("leaves the versions to the server when none are named", () => {
  expect(compareInput(URL_OF)).toEqual({ service: "checkout", environment: "production", minutes: 30 });
});

it("passes both versions and the minutes on, and does not ask for minutes that are not offered", () => {
  expect(compareInput({ ...URL_OF, baseline: "2.4.0", candidate: "2.4.1", minutes: "120" })).toEqual({
    ...{ service: "checkout", environment: "production", baseline: "2.4.0", candidate: "2.4.1", minutes: 120 },
  });
  expect(compareInput({ ...URL_OF, minutes: "9999" })?.minutes).toBe(30);
});

it("writes names that need it so that a URL can hold them", () => {
  expect(compareHref({ service: "a&b", environment: "eu west" })).toBe("/compare?service=a%26b&environment=eu+west");
});
