import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeLogSourceContract } from "../../testing/contracts/log-source-contract.ts";
import { startLokiDouble } from "../../testing/doubles/loki-double.ts";
import { createOutboundClient } from "../http/client.ts";
import { createLokiSource } from "./index.ts";
import { chooseLabels } from "./label-names.ts";
import { logqlOf } from "./logql.ts";
import { countsFrom, lineOf } from "./mapper.ts";

const http = createOutboundClient({ allow: [], deny: [] });
afterAll(() => http.close());

describeLogSourceContract("Loki (its published API)", async (records) => {
  const double = await startLokiDouble(records);
  return { source: createLokiSource({ url: double.url, headers: {}, http }), stop: double.stop };
});

describe("LogQL of a filter", () => {
  const names = chooseLabels(["app", "namespace", "pod"]);
  const none = () => ({});

  it("selects streams by the labels that Loki has", () => {
    const filter = { service: "checkout", environment: "production", terms: [] };
    expect(logqlOf(filter, names, none)).toBe('{app="checkout",namespace="production"}');
    expect(logqlOf({ ...filter, version: "1.0" }, names, none)).toBe(
      '{app="checkout",namespace="production"} | version="1.0"',
    );
    expect(logqlOf({ terms: [] }, names, none)).toBe('{app=~".+"}');
  });

  it("selects by the labels of the configuration where it has some", () => {
    const labelsOf = (service: string, environment?: string) => ({ job: `${environment}/${service}` });
    const filter = { service: "checkout", environment: "production", instance: "a", terms: [] };
    expect(logqlOf(filter, names, labelsOf)).toBe('{job="production/checkout",pod="a"}');
  });

  it("escapes what would end a string or mean something in a pattern", () => {
    const terms = [{ kind: "text" as const, value: 'a"b\\(c', negated: false }];
    expect(logqlOf({ terms }, names, none)).toBe('{app=~".+"} |~ "(?i)a\\"b\\\\\\\\\\\\(c"');
  });

  it("has no patterns", () => {
    expect(() => logqlOf({ patternId: "7", terms: [] }, names, none)).toThrow("Search for words");
  });
});

describe("Loki's shapes", () => {
  const names = chooseLabels(["service_name"]);
  const line = (text: string, labels = {}) =>
    lineOf({ ns: 1_700_000_000_123_456_789n, line: text, labels: { service_name: "shop", ...labels } }, names);

  it("become a line with microseconds, level and fields from wherever they are", () => {
    expect(line("plain", { level: "WARN" })).toMatchObject({
      ...{ at: "2023-11-14T22:13:20.123456Z", service: "shop", body: "plain", level: "warn", attributes: {} },
    });
    expect(line('{"msg":"hello","level":"error","user":7}')).toMatchObject({
      ...{ body: "hello", level: "error", attributes: { user: 7 } },
    });
    expect(line("{not json", { detected_level: "unknown" })).toMatchObject({ body: "{not json", level: null });
  });

  it("tell no trace that is none", () => {
    expect(line("x", { trace_id: "zz" }).traceId).toBeNull();
    expect(line("x", { trace_id: "4BF92F3577B34DA6A3CE929D0E0E4736" }).traceId).toBe(
      "4bf92f3577b34da6a3ce929d0e0e4736",
    );
  });

  it("are counted at the start of their step, levels of one name together", () => {
    const series = (metric: Record<string, string>, count: string) => ({
      metric,
      values: [[60, count]] as [number, string][],
    });
    const result = [series({ level: "error" }, "2"), series({ operate_json: "ERROR" }, "3"), series({}, "5")];
    expect(countsFrom({ resultType: "matrix", result }, 60)).toEqual([
      { bucketMs: 0, level: "error", count: 5 },
      { bucketMs: 0, level: null, count: 5 },
    ]);
  });
});

describe("A Loki that cannot be used", () => {
  let [status, body] = [200, ""];
  const server = createServer((_, response) => void response.writeHead(status).end(body));
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    [400, "parse error at line 1", "INVALID", "parse error at line 1"],
    [401, "no org id", "UPSTREAM_REJECTED", "monitoringConfig.endpointHeaders"],
    [500, "too many outstanding requests", "UPSTREAM_UNAVAILABLE", "status 500"],
    [200, "<html>", "UPSTREAM_REJECTED", "the address of Loki"],
    [200, '{"status":"success","data":7}', "UPSTREAM_REJECTED", "another shape"],
  ])("answers %i %s: %s", async (...[given, text, code, message]) => {
    [status, body] = [given, text];
    const { port } = server.address() as AddressInfo;
    const source = createLokiSource({ url: `http://127.0.0.1:${port}`, headers: {}, http });
    const window = { from: new Date(0), to: new Date(60_000) };
    const asking = source.lines({ window, filter: { terms: [] }, order: "newest-first", limit: 5 });
    await expect(asking).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});
