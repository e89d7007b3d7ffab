import { expect, it } from "vitest";
import type { LogRecord, SeriesSamples } from "../ports/telemetry.ts";
import type { Sender } from "../ports/telemetry-store.ts";
import { keepRecordClaims, keepSeriesClaims } from "./claims.ts";

const line = (service: string, more: Partial<LogRecord> = {}): LogRecord => ({
  ...{ service, environment: "", version: "", instance: "", atMs: 1, severity: 9, body: "x", attributes: {} },
  ...{ traceId: null, spanId: null },
  ...more,
});
const series = (labels: Record<string, string>): SeriesSamples => ({
  ...{ name: "up", labels, kind: "gauge", unit: "", timesMs: [1], values: [1] },
});
const sender = (more: Partial<Sender> = {}): Sender => ({ protocol: "otlp", name: "test", ...more });
const bound = (...services: string[]) => sender({ boundTo: { services } });

it.each([
  ["what is its own", bound("a", "b"), "b", "b", undefined],
  ["another's", bound("a", "b"), "c", "a", "c"],
  ["what differs in its case", bound("a"), "A", "a", "A"],
  ["nothing", bound("a", "b"), "", "a", undefined],
  ["what an SDK says by default", bound("a"), "unknown_service:node", "a", undefined],
  ["anything, unbound", sender(), "c", "c", undefined],
  ["Operate, unbound", sender(), "operate", "unknown_service", "operate"],
  ["Operate with a NUL that was replaced", sender(), "operate\ufffd", "unknown_service", "operate\ufffd"],
  ["a name with Operate in it", sender(), "operate-shop", "operate-shop", undefined],
  ["Operate, by itself", sender({ own: true }), "operate", "operate", undefined],
])("takes a sender's word for %s, or keeps it as a claim", (_, from, said, service, claimed) => {
  const lines = keepRecordClaims([line(said)], from);
  expect(lines.records[0]).toMatchObject({ service });
  expect(lines.records[0]?.attributes["operate.claimed_service"]).toBe(claimed);
  const metrics = keepSeriesClaims([series(said === "" ? {} : { service: said })], from);
  expect(metrics.records[0]?.labels).toEqual({ service, ...(claimed && { operate_claimed_service: claimed }) });
  for (const { claims } of [lines, metrics])
    expect(claims.map(({ count, example }) => [count, example])).toEqual(claimed ? [[1, claimed]] : []);
});

it("binds an instance to its environment and to itself, and fills in what it does not say", () => {
  const from = sender({ boundTo: { services: ["a"], environment: "staging", instance: "i1" } });
  const { records, claims } = keepRecordClaims(
    [line(""), line("a", { environment: "production", instance: "i2", attributes: { kept: 1 } })],
    from,
  );
  expect(records).toEqual([
    line("a", { environment: "staging", instance: "i1" }),
    line("a", {
      ...{ environment: "staging", instance: "i1" },
      attributes: { kept: 1, "operate.claimed_environment": "production", "operate.claimed_instance": "i2" },
    }),
  ]);
  expect(claims).toHaveLength(2);
});

it("makes marks itself: a sender's own are left out, and records that claim nothing stay as they are", () => {
  const forged = line("a", { attributes: { "operate.claimed_service": "b", kept: 1 } });
  expect(keepRecordClaims([forged], sender()).records).toEqual([line("a", { attributes: { kept: 1 } })]);
  const labels = { service: "a", operate_claimed_instance: "b" };
  expect(keepSeriesClaims([series(labels)], sender()).records).toEqual([series({ service: "a" })]);
  const plain = line("a");
  expect(keepRecordClaims([plain], sender()).records[0]).toBe(plain);
});

it("names few reasons, however many names are claimed", () => {
  const lines = Array.from({ length: 1_000 }, (_, i) => line(`made-up-${i}`));
  expect(keepRecordClaims(lines, bound("a")).claims).toEqual([
    { count: 1_000, example: "made-up-0", reason: expect.stringContaining("writes only as a;") },
  ]);
});
