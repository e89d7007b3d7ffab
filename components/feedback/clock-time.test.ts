import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** drawn in the browser alone, or after the page was taken over */
const ALLOWED = [
  ...["components/lib/format.ts", "components/feedback/time.tsx", "components/charts/axes.tsx"],
  ...["components/layout/connection-state.tsx", "components/shell/state-line.tsx"],
  ...["components/feedback/act-button.tsx"],
];

it("no clock time is written in the server's zone: ClockTime waits for the viewer's", () => {
  const using = globSync("components/**/*.{ts,tsx}").filter(
    (file) => !file.includes(".test.") && /\bformat(?:Clock|Second)\(/.test(readFileSync(file, "utf8")),
  );
  expect(using.filter((file) => !ALLOWED.includes(file))).toEqual([]);
  expect(using).toContain("components/feedback/time.tsx");
});
