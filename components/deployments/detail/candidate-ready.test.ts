import { expect, it } from "vitest";
import type { StepView } from "#server/agent/deploy/schema.ts";
import { readyWords } from "./candidate-ready.ts";

const step = (index: number, instances: number | null, status: StepView["status"]): StepView => ({
  ...{ index, instances, status, kind: instances === null ? "analysis" : "bring_up", weight: null, title: "" },
  ...{ attempt: 1, startedAt: null, finishedAt: null, note: null },
});
const canary = (running: number): StepView[] =>
  [1, null, 2, null, 3].map((instances, index) =>
    step(index, instances, index < running ? "passed" : index === running ? "running" : "pending"),
  );
const words = (onNewVersion: number | null, steps: StepView[], status: "running" | "rolling_back" = "running") =>
  readyWords({ version: "2.5.0", status }, { onNewVersion, wanted: 3 }, steps, true).replaceAll("\u00a0", " ");

it("counts ready instances against what the step wants, and names the end", () => {
  expect(words(1, canary(1))).toBe("1 of 1 instance that this step wants is ready on 2.5.0; 3 in the end.");
  expect(words(1, canary(2))).toBe("1 of 2 instances that this step wants is ready on 2.5.0; 3 in the end.");
  expect(words(3, canary(4))).toBe("3 of 3 instances are ready on 2.5.0.");
  expect(words(2, [step(0, 3, "running")])).toBe("2 of 3 instances are ready on 2.5.0.");
});

it("says that it is not known, never 0, while the platform does not answer", () =>
  expect(words(null, canary(0))).toMatch(/not known: the platform does not answer/));
