import { describe, expect, it } from "vitest";
import { type PanelInput, preparePanel } from "./panel.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");
const latency: PanelInput = {
  unit: "ms",
  lines: [
    { key: "p50", label: "p50", weight: "third" },
    { key: "p95", label: "p95", weight: "main" },
  ],
  points: [
    { t: "2026-11-22T08:00:00Z", p50: 20, p95: 120 },
    { t: "2026-11-22T08:00:30Z", p50: null, p95: null },
    { t: "2026-11-22T08:01:00Z", p50: 22, p95: 310 },
  ],
  markers: [
    { at: "2026-11-22T08:00:40Z", label: "2.5.0" },
    { at: "2026-11-21T08:00:40Z", label: "2.4.0" },
  ],
  stepSeconds: 30,
};

describe("preparePanel", () => {
  it("keeps a gap as a gap", () => {
    expect(preparePanel(latency, 0).rows[1]).toEqual({ t: Date.parse("2026-11-22T08:00:30Z"), p50: null, p95: null });
  });

  it("covers the last bucket to its end, and only shows markers inside", () => {
    const panel = preparePanel(latency, 0);
    expect(panel.domain.x[1]).toBe(Date.parse("2026-11-22T08:01:30Z"));
    expect(panel.markers).toEqual([{ t: Date.parse("2026-11-22T08:00:40Z"), label: "2.5.0" }]);
  });

  it("lets the newest of crowded markers speak for all of them", () => {
    const at = (second: number, label: string) => ({
      at: new Date(Date.parse("2026-11-22T08:00:00Z") + second * 1_000).toISOString(),
      label,
    });
    const panel = preparePanel(
      { ...latency, markers: [at(80, "2.7.0"), at(10, "2.4.0"), at(78, "2.5.0"), at(76, "2.4.1")] },
      0,
    );
    expect(panel.markers.map((marker) => marker.label)).toEqual(["2.4.0", "", "", "2.7.0 +2"]);
  });

  it("says its unit once, on the axis", () => {
    const panel = preparePanel(latency, 0);
    expect([panel.axisUnit, panel.ticks.y.map(panel.formatTick)]).toEqual(["ms", ["0", "100", "200", "300", "400"]]);
    const slow = preparePanel({ ...latency, points: [{ t: "2026-11-22T08:00:00Z", p50: 100, p95: 3_700 }] }, 0);
    expect([slow.axisUnit, slow.ticks.y.map(slow.formatTick)]).toEqual(["s", ["0", "1", "2", "3", "4"]]);
    const memory = { ...latency, unit: "bytes" as const, points: [{ t: "2026-11-22T08:00:00Z", p50: 0, p95: 97e6 }] };
    const large = preparePanel(memory, 0);
    expect([large.axisUnit, large.ticks.y.map(large.formatTick)]).toEqual(["MiB", ["0", "25", "50", "75", "100"]]);
    const named = preparePanel({ ...latency, unit: "number", unitWord: "jobs" }, 0);
    expect(named.axisUnit).toBe("jobs");
  });

  it("reaches below zero where the values do", () => {
    const points = [{ t: "2026-11-22T08:00:00Z", p50: -30, p95: 70 }];
    const panel = preparePanel({ ...latency, unit: "number", points }, 0);
    expect(panel.domain.y[0]).toBeLessThanOrEqual(-30);
    expect(panel.domain.y[1]).toBeGreaterThanOrEqual(70);
    expect(panel.ticks.y).toContain(0);
  });

  it("tells nothing from zero", () => {
    const point = { t: "2026-11-22T08:00:00Z" };
    const unknown = preparePanel({ ...latency, points: [{ ...point, p50: null, p95: null }] }, 0);
    const zero = preparePanel({ ...latency, points: [{ ...point, p50: 0, p95: 0 }] }, 0);
    expect([unknown.known, zero.known]).toEqual([false, true]);
    expect(unknown.domain.y).toEqual(zero.domain.y);
  });

  it("puts the picture into words", () => {
    expect(plain(preparePanel(latency, 0).summary)).toBe(
      "p50: latest 22 ms, highest 22 ms; p95: latest 310 ms, highest 310 ms",
    );
  });
});
