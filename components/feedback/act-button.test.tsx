import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { ActButton, EVERY_ENVIRONMENT } from "./act-button.tsx";

const resolve = "Resolve INC-7";
it.each([
  ["names where it acts", { environment: "staging", label: resolve }, "Resolve INC-7 in staging"],
  [
    "says that it acts everywhere",
    { environment: EVERY_ENVIRONMENT, label: "Ignore it" },
    "Ignore it in every environment",
  ],
  ["acts on what has none", { environment: null, label: resolve }, resolve],
  [
    "says where by its own words",
    { environment: "staging", label: (at: string | null) => `Roll back ${at}` },
    "Roll back staging",
  ],
  ["says that it runs", { environment: "staging", label: resolve, pending: "Resolving…" }, "Resolving…"],
  ["does not run", { environment: "staging", label: resolve, pending: null }, "Resolve INC-7 in staging"],
])("%s", (_what, props, text) => {
  const html = renderToStaticMarkup(<ActButton {...props} />);
  expect(html).toContain(`>${text}</button>`);
  expect(html).toContain('type="submit"');
});
