import { expect, it } from "vitest";
import type { ServiceRow } from "#server/agent/services/schema.ts";
import { appRouter } from "#server/routers/index.ts";
import { toolsOf } from "./registry.ts";
import { toolResult } from "./result.ts";
import { MAX_TOKENS, tokensOf } from "./tokens.ts";

const AT = new Date("2026-03-01T12:00:00.000Z");
const row = (i: number): ServiceRow => ({
  ...{
    service: `made-up-${i}`,
    environment: null,
    origin: "observed",
    lastSeen: null,
    owner: "",
    health: "failing",
    reasons: [],
    unjudged: [],
  },
  ...{
    healthSince: null,
    healthAtLeastSince: null,
    healthMessage: null,
    notice: null,
    causedBy: null,
    currentVersion: null,
    overloaded: null,
  },
  ...{ versions: [], instancesReady: 0, instancesWanted: 0, openIncident: null, activeDeployment: null },
  traffic: {
    ...{
      requestsPerSecond: 1.2345678901234567,
      overSeconds: null,
      errorPercent: 33.33333333333333,
      p95Ms: 412.70000000000005,
    },
    ...{ requests: 1_234_567, seconds: 300 },
    p95Series: Array.from({ length: 60 }, (_, at) => (at < 57 ? null : 0.1 + 0.2)),
  },
});

it("3,000 services: the worst first, both forms alike and bounded, with how to ask for the rest", () => {
  const tool = toolsOf(appRouter).find("list_services");
  if (!tool) throw new Error("no list_services");
  const rows = Array.from({ length: 3_000 }, (_, i) => row(i));
  const { content, structuredContent } = toolResult(tool, { summary: "many", rows, total: 3_000, changes: [] }, AT);
  const text = content[0]?.type === "text" ? content[0].text : "";
  expect(tokensOf(text)).toBeLessThanOrEqual(MAX_TOKENS);
  expect(JSON.parse(text)).toEqual(structuredContent);
  const shown = structuredContent as { rows: ServiceRow[]; more: string; now: string; total: number };
  expect(shown.rows.length).toBeGreaterThan(20);
  expect(shown.rows.map(({ service }) => service)).toEqual(shown.rows.map((_, i) => `made-up-${i}`));
  expect(shown).toMatchObject({ total: 3_000, now: AT.toISOString() });
  expect(shown.more).toMatch(
    /^rows: the first \d+ of 3000\. To see the rest: page with limit and offset; filter by environment\.$/,
  );
  expect(shown.rows[0]?.traffic.p95Series).toEqual([0.3, 0.3, 0.3]);
  expect(text).not.toMatch(/\d\.\d{6}|\d{3}\.\d{3}[^Z]/);
});
