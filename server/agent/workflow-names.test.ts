import { expect, it } from "vitest";
import { WORKFLOWS } from "./workflow-names.ts";

it("are stored: none may change while a workflow of that name may still run", () => {
  const stored = Object.values(WORKFLOWS).map(({ name, idOf }) => [name, idOf("x_1")]);
  expect(stored).toEqual([
    ["deployment.v2", "x_1"],
    ["deployment-watch.v1", "x_1:watch"],
    ["deployment-recovery.v1", "x_1:recovery"],
  ]);
});

it("are different for each workflow, and so are their ids for one record", () => {
  const all = Object.values(WORKFLOWS);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(new Set(all.map(({ idOf }) => idOf("x_1"))).size).toBe(all.length);
});
