import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { OwnOnly } from "./compare-page.tsx";

it("the comparison says that it leaves out what the judge finds in other services", () => {
  const words = renderToStaticMarkup(<OwnOnly service="payments" />).replaceAll(/<[^>]*>/g, "");
  expect(words).toMatch(/^Only the two versions’ own figures are compared here\./);
  expect(words).toMatch(/services that depend on payments/);
});
