import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import type { ServiceRow } from "#server/agent/services/schema.ts";
import { serviceColumns } from "./table/service-columns.tsx";

const WHY = "p95 is 900 ms, more than the 500 ms that are allowed, of 1 240 requests in 5 min";
const row = {
  ...{ service: "checkout", environment: "production", health: "degraded", healthMessage: WHY, causedBy: "payments" },
  ...{ healthSince: "2026-03-01T10:00:00.000Z", healthAtLeastSince: null },
  reasons: [{ kind: "latency", state: "degraded", message: WHY }],
} as unknown as ServiceRow;

it("the reason of a state has room to be read: it goes below rather than to be squeezed, and its column keeps its width", () => {
  const column = serviceColumns(true).find(({ id }) => id === "status");
  const html = renderToStaticMarkup(column?.cell(row));
  const [cell = "", reason = ""] = [
    /^<span class="([^"]*)"/.exec(html)?.[1],
    new RegExp(`<span class="([^"]*)">${WHY}`).exec(html)?.[1],
  ];
  expect(cell).toMatch(/\blg:min-w-64\b/);
  expect(cell).toMatch(/\bsm:flex-wrap\b/);
  expect(reason).toMatch(/\bmin-w-48\b/);
  expect(column?.className, "a column of no least width gives way to all others").not.toContain("max-w-0");
});
