import { describe } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { useDatabase } from "#server/testing/database.ts";
import { describeMetricsSourceContract } from "#server/testing/metrics-source-contract.ts";
import { createTelemetryStore } from "./store.ts";
import { upkeepOnce } from "./upkeep.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;

describe.each(["before", "after"])("samples %s they are rolled up", (when) => {
  const database = useDatabase();
  describeMetricsSourceContract("the built-in store", async (series) => {
    const store = createTelemetryStore({ databaseUrl: database.url, config });
    await store.writeSamples(series, { protocol: "otlp", name: "contract" });
    if (when === "after") await upkeepOnce(store);
    return { source: store.metrics, stop: () => store.close() };
  });
});
