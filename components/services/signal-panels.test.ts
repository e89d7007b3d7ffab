import { describe, expect, it } from "vitest";
import type { ServiceSignalsOutput } from "#server/agent/metrics/schema.ts";
import { SIGNALS } from "#server/agent/metrics/words.ts";
import { preparePanel } from "../charts/prepare/panel.ts";
import { queriesOf, signalPanels } from "./signal-panels.ts";

const UNITS: Record<string, ServiceSignalsOutput["signals"][number]["unit"]> = {
  requestRate: "per-second",
  errorPercent: "percent",
  cpuPercent: "percent",
  memoryBytes: "bytes",
  saturation: "ratio",
};
const signals = (before: boolean): ServiceSignalsOutput => ({
  template: "balancer",
  source: { kind: "balancer", address: null, asOf: "2026-11-25T12:00:00Z", stale: false },
  partial: null,
  stepSeconds: 30,
  start: "2026-11-25T11:00:00.000Z",
  signals: SIGNALS.map((signal, i) => ({
    signal,
    unit: UNITS[signal] ?? "ms",
    values: signal === "cpuPercent" ? [null, null] : [i, 0.5],
    before: before ? [i / 2, null] : null,
    query: signal === "saturation" ? "" : `how ${signal} is asked`,
    grafanaHref: null,
    problem: signal === "cpuPercent" ? "the source has no such metric" : null,
  })),
  markers: [{ at: "2026-11-25T11:00:40.000Z", label: "2.7.0", href: "/deployments/x", level: "ok" }],
});
const panelOf = (name: string, before = false) => signalPanels(signals(before)).find((panel) => panel.name === name);

describe("signalPanels", () => {
  it("gives every panel the same times and deployments", () => {
    const panels = signalPanels(signals(false));
    expect(panels.map(({ name }) => name)).toEqual(["rate", "errors", "latency", "saturation", "cpu", "memory"]);
    for (const { input } of panels) {
      expect(input.points.map(({ t }) => t)).toEqual(["2026-11-25T11:00:00.000Z", "2026-11-25T11:00:30.000Z"]);
      expect(input.markers).toEqual([{ at: "2026-11-25T11:00:40.000Z", label: "2.7.0" }]);
    }
  });

  it("puts three quantiles into one panel, p95 in front", () => {
    expect(panelOf("latency")?.input.lines.map(({ label }) => label)).toEqual(["p50", "p99", "p95"]);
  });

  it("draws the window before behind what is now, with its gaps", () => {
    const latency = panelOf("latency", true)?.input;
    expect(latency?.lines[0]).toEqual({ key: "latencyP95Ms-before", label: "p95 before", weight: "before" });
    expect(latency?.points.map((point) => point["latencyP95Ms-before"])).toEqual([1.5, null]);
    expect(panelOf("rate", false)?.input.lines).toHaveLength(1);
  });

  it("shows a ratio in percent", () => {
    const input = panelOf("saturation")?.input;
    expect(input?.points[1]?.saturation).toBe(50);
    expect(input && preparePanel(input, 0).axisUnit).toBe("%");
  });

  it("says why there is nothing, which is not zero", () => {
    expect(panelOf("cpu")?.problem).toBe("The source has no such metric: unknown, not zero.");
    expect(panelOf("memory")?.problem).toBeNull();
  });
});

describe("queriesOf", () => {
  it("names each line that was asked for", () => {
    const labels = queriesOf(signals(false)).map(({ label }) => label);
    expect(labels).toEqual(["Requests", "Errors", "Latency p50", "Latency p99", "Latency p95", "CPU", "Memory"]);
  });
});
