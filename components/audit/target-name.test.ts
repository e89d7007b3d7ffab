import { expect, it } from "vitest";
import { targetName } from "./target-name.ts";

const deployment = { type: "deployment", id: "dep_01" };
const place = { service: "checkout", version: "2.7.0", environment: "production" };

it.each([
  ["nothing", null, null, null, "–"],
  ["a service, its version and its environment", deployment, null, place, "deployment of checkout 2.7.0 in production"],
  [
    "what only the state before knows",
    deployment,
    place,
    { status: "done" },
    "deployment of checkout 2.7.0 in production",
  ],
  ["a name", { type: "api_token", id: "tok_01" }, null, { name: "ci" }, "api token ci"],
  ["a title", { type: "incident", id: "inc_01" }, null, { ...place, title: "Cards fail" }, "incident Cards fail"],
  ["an id where nothing else is told", deployment, "gone", { service: 7 }, "deployment dep_01"],
])("names %s", (_, target, before, after, name) => {
  expect(targetName({ target, before, after })).toBe(name);
});
