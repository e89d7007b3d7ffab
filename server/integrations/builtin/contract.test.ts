import { OperateAgentConfigSchema } from "../../agent/config.ts";
import { useDatabase } from "../../testing/database.ts";
import { describeLogSourceContract } from "../../testing/log-source-contract.ts";
import { describeMetricsSourceContract } from "../../testing/metrics-source-contract.ts";
import { describeTraceSourceContract } from "../../testing/trace-source-contract.ts";
import { createTelemetryStore } from "./index.ts";

const database = useDatabase();
const sender = { protocol: "otlp", name: "contract" };
const openStore = () =>
  createTelemetryStore({
    databaseUrl: database.url,
    config: OperateAgentConfigSchema.parse({}).monitoringConfig,
  });

describeLogSourceContract("The built-in store", async (records) => {
  const store = openStore();
  await store.writeLogs(
    records.map((record) => ({ ...record, patternId: null })),
    sender,
  );
  return { source: store.logs, stop: () => store.close() };
});

describeMetricsSourceContract("The built-in store", async (series) => {
  const store = openStore();
  await store.writeSamples(series, sender);
  return { source: store.metrics, stop: () => store.close() };
});

describeTraceSourceContract("The built-in store", async (spans) => {
  const store = openStore();
  await store.writeSpans(spans, sender);
  return { source: store.traces, stop: () => store.close() };
});
