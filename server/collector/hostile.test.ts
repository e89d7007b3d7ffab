import { readFileSync } from "node:fs";
import fc from "fast-check";
import protobuf from "protobufjs/minimal.js";
import snappy from "snappyjs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createTestCollector, type TestCollector } from "../testing/collector.ts";
import { useDatabase } from "../testing/database.ts";
import { ENDPOINTS } from "./endpoints.ts";

vi.setConfig({ testTimeout: 360_000 });
const database = useDatabase();
let collector: TestCollector;
beforeAll(async () => {
  const limits = { maxSeries: 2_000, maxSeriesPerService: 1_000 };
  collector = createTestCollector({ databaseUrl: database.url, config: { monitoringConfig: { limits } } });
  await collector.start();
});
afterAll(() => collector.dispose());

const PROTOBUF = { "content-type": "application/x-protobuf" };
const paths = Object.keys(ENDPOINTS);

/** Peak of the resident memory of the collector, in MB. */
const peakMegabytes = (): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${collector.child.pid}/status`, "utf8"))?.[1]) / 1024;

/** prometheus.WriteRequest with one sample of each series */
function writeRequest(series: readonly Record<string, string>[]): Buffer {
  const writer = protobuf.Writer.create();
  for (const labels of series) {
    writer.uint32(10).fork();
    for (const [name, value] of Object.entries(labels))
      writer.uint32(10).fork().uint32(10).string(name).uint32(18).string(value).ldelim();
    writer.uint32(18).fork().uint32(9).double(1).uint32(16).int64(Date.now()).ldelim();
    writer.ldelim();
  }
  return Buffer.from(snappy.compress(writer.finish()));
}

describe("anything at all", () => {
  const type = fc.constantFrom("application/json", "application/x-protobuf");
  const encoding = fc.constantFrom(undefined, "gzip", "deflate", "zstd", "snappy", "br");
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 4_000 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(snappy.compress(bytes))),
  );
  const seed = Date.now() % 2 ** 31;

  it(`is refused or taken, never a crash (seed ${seed})`, async () => {
    const { pid } = collector.child;
    const request = fc.record({ path: fc.constantFrom(...paths), type, encoding, body });
    await fc.assert(
      fc.asyncProperty(request, async (given) => {
        const headers = {
          "content-type": given.type,
          ...(given.encoding === undefined ? {} : { "content-encoding": given.encoding }),
        };
        const { status } = await collector.send(given.path, given.body, headers);
        expect([200, 204, 400, 415]).toContain(status);
      }),
      { seed, numRuns: 2_000, interruptAfterTimeLimit: 20_000 },
    );
    expect(collector.child.pid).toBe(pid);
    expect(collector.child.exitCode).toBeNull();
    expect((await collector.send("/v1/logs", "{}", { "content-type": "application/json" })).status).toBe(200);
  });
});

describe("a million combinations of labels", () => {
  it("are refused beyond the limit, with what to do, in bounded memory", async () => {
    const before = peakMegabytes();
    let refused = "";
    for (let batch = 0; batch < 50; batch++) {
      const series = Array.from({ length: 20_000 }, (_, i) => ({
        __name__: "requests_total",
        service: "shop",
        user: `user-${batch}-${i}`,
      }));
      const { status, text } = await collector.send("/api/v1/write", writeRequest(series), PROTOBUF);
      expect(status).toBe(batch === 0 ? 204 : 400);
      refused = text;
    }
    expect(refused).toMatch(/20000 × /);
    expect(refused).toMatch(/shop/);
    expect(refused).toMatch(/maxSeriesPerService/);
    const [{ series }] = await database.db.$queryRaw<
      [{ series: number }]
    >`select count(*)::int as series from metric_series`;
    expect(series).toBe(1_000);
    const known = await collector.send(
      "/api/v1/write",
      writeRequest([{ __name__: "requests_total", service: "shop", user: "user-0-0" }]),
      PROTOBUF,
    );
    expect(known.status).toBe(204);
    expect(peakMegabytes() - before).toBeLessThan(400);
  });

  it("are refused in one body too", async () => {
    const series = Array.from({ length: 95_000 }, (_, i) => ({ __name__: "other_total", service: "shop", id: `${i}` }));
    const { status, text } = await collector.send("/api/v1/write", writeRequest(series), PROTOBUF);
    expect([status, text]).toEqual([400, expect.stringContaining("maxSeriesPerService")]);
    expect(peakMegabytes()).toBeLessThan(900);
  });
});
