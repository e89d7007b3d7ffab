import { expect, it } from "vitest";
import { filtersInput } from "./deployments-input.ts";

const ANY = { environment: null, service: null, status: null, strategy: null, kind: null };

it("asks for everything when the URL says nothing", () => {
  expect(filtersInput(ANY)).toEqual({});
});

it("passes every filter of the URL on", () => {
  const url = { environment: "staging", service: "checkout", status: "paused", strategy: "restore", kind: "rollback" };
  expect(filtersInput(url)).toEqual({
    ...{ environment: "staging", service: "checkout", status: ["paused"], strategy: ["restore"], kind: "rollback" },
  });
});

it("leaves out what no deployment can have", () => {
  expect(filtersInput({ ...ANY, status: "lost", strategy: "hope", kind: "toString" })).toEqual({});
});
