import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { ServiceRow } from "#server/agent/services/schema.ts";
import { ServiceFacts } from "./detail/service-header.tsx";
import type { PlacedService } from "./places.ts";
import { serviceColumns } from "./table/service-columns.tsx";

const rowOf = (why: "few" | "over", kind: "errors" | "latency", failedOf: [number, number]) =>
  ({
    ...{
      service: "checkout",
      environment: "production",
      health: "up",
      reasons: [],
      currentVersion: "2.4.0",
      owner: "",
    },
    unjudged: [{ kind, why, message: "the numbers" }],
    traffic: {
      ...{ requestsPerSecond: 19, overSeconds: 300, seconds: 300, requests: failedOf[1], p95Series: [] },
      ...{ errorPercent: (failedOf[0] / failedOf[1]) * 100, p95Ms: 745, p95Requests: failedOf[1], p95GaveUp: 0 },
    },
  }) as unknown as ServiceRow;

const text = (html: string) => html.replaceAll(/<[^>]*>/g, "").replaceAll("\u00a0", " ");
const cellOf = (row: ServiceRow, id: string) =>
  text(
    renderToStaticMarkup(
      serviceColumns(true)
        .find((column) => column.id === id)
        ?.cell(row),
    ),
  );
const factsOf = (row: ServiceRow) =>
  text(
    renderToStaticMarkup(
      <ServiceFacts
        service={{ row, dependsOn: [], usedBy: [], url: null, description: "" } as unknown as PlacedService}
      />,
    ),
  );

describe("a figure beyond its limit from which no state follows says why, on each page alike", () => {
  it.each([
    ["over", "latency", [0, 5_778], "p95", "745 ms recovered since", "745 ms of 5 778 requests; recovered since"],
    ["over", "errors", [70, 5_778], "errors", "1.21 % recovered since", "1.21 % of 5 778 requests; recovered since"],
    ["few", "latency", [0, 15], "p95", "745 ms too few to judge", "745 ms of 15 requests; too few to judge"],
    [
      "few",
      "errors",
      [2, 12],
      "errors",
      "2 of 12 failed too few to judge",
      "too few requests to judge: 2 of 12 failed",
    ],
  ] as const)("%s: %s", (why, kind, failed, column, cell, fact) => {
    const row = rowOf(why, kind, [...failed]);
    expect(cellOf(row, column)).toBe(cell);
    expect(factsOf(row)).toContain(fact);
    expect(factsOf(row)).not.toMatch(/not judged|failed; too few/);
  });
});
