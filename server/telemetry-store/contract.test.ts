import { describe } from "vitest";
import { OperateAgentConfigSchema } from "../agent/config.ts";
import { describeLogSourceContract } from "../testing/contracts/log-source-contract.ts";
import { describeMetricsSourceContract } from "../testing/contracts/metrics-source-contract.ts";
import { useDatabase } from "../testing/database.ts";
import { SENDER } from "../testing/telemetry/records.ts";
import { createTelemetryStore, upkeepOnce } from "./index.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;

describe.each(["before", "after"])("%s rollups", (when) => {
  const database = useDatabase();
  const openStore = () => createTelemetryStore({ databaseUrl: database.url, config });
  const rollUp = (store: ReturnType<typeof openStore>) => (when === "after" ? upkeepOnce(store) : undefined);

  describeLogSourceContract("the built-in store", async (records) => {
    const store = openStore();
    await store.writeLogs(
      records.map((record) => ({ ...record, patternId: null })),
      SENDER,
    );
    await rollUp(store);
    return { source: store.logs, stop: () => store.close() };
  });

  describeMetricsSourceContract("the built-in store", async (series) => {
    const store = openStore();
    await store.writeSamples(series, SENDER);
    await rollUp(store);
    return { source: store.metrics, stop: () => store.close() };
  });
});
