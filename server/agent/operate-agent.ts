import { resolve } from "node:path";
import type { z } from "zod";
import { type LoadedConfig, loadConfig, loadGivenConfig } from "../config/load.ts";
import type { OperateAgentConfig, OperateAgentConfigInput } from "./config.ts";
import {
  compareVersions,
  decideDeployment,
  deployApplication,
  getDeployment,
  listDeployments,
} from "./deploy/index.ts";
import * as deploy from "./deploy/schema.ts";
import * as health from "./health/schema.ts";
import { getIncident, listIncidents, manageIncident } from "./incidents/index.ts";
import * as incidents from "./incidents/schema.ts";
import { type Actor, systemActor } from "./kernel/actor.ts";
import type { AgentContext, Runtime } from "./kernel/context.ts";
import { AppError } from "./kernel/errors.ts";
import { newId } from "./kernel/ids.ts";
import { FOR_PEOPLE } from "./kernel/reader-budget.ts";
import { analyzeLogs, searchLogs } from "./logs/index.ts";
import * as logs from "./logs/schema.ts";
import { listMetrics, queryMetrics } from "./metrics/index.ts";
import * as metrics from "./metrics/schema.ts";
import { getService, listServices, monitorHealth, serviceStatus } from "./services/index.ts";
import * as services from "./services/schema.ts";
import { getTrace, listTraces, serviceMap } from "./traces/index.ts";
import * as traces from "./traces/schema.ts";

const WHEN_MISSING = "Give OperateAgent the path of a file that exists.";

export interface OperateAgentOptions {
  /** acts on these instead of opening its own; the caller closes it */
  runtime?: Runtime;
  /** default: the job "script" with the role admin, because whoever can open the database is trusted */
  actor?: Actor;
  /** default: DATABASE_URL, else the embedded database that runs on the data directory */
  databaseUrl?: string;
  /** default: OPERATE_DATA_DIR, else `.operate` in the working directory */
  dataDir?: string;
}

type OpenRuntime = Runtime & { close(): Promise<void> };

/**
 * Operate in a script: what the console and the MCP tools do, under the same rules, limits and audit log. It works on
 * the database of a running Operate, whose worker carries out deployments; give it the same configuration. Every
 * method throws an AppError: INVALID for bad input, PRECONDITION when no database is found, and what the operation
 * itself refuses. Call `close()` at the end, or the process stays alive.
 */
export class OperateAgent {
  readonly config: OperateAgentConfig;
  readonly #loaded: LoadedConfig;
  readonly #options: OperateAgentOptions;
  #opening: Promise<OpenRuntime> | undefined;
  #closed = false;

  /**
   * @param config the configuration as an object, or the path of its YAML file
   * @throws INVALID with one line per problem
   */
  constructor(config: OperateAgentConfigInput | string, options: OperateAgentOptions = {}) {
    this.#loaded = typeof config === "string" ? loadConfig(config, process.env, WHEN_MISSING) : loadGivenConfig(config);
    this.config = this.#loaded.config;
    this.#options = options;
  }

  /** Starts a deployment and returns its handle at once; `dryRun` returns the plan alone. Follow it with getDeployment. */
  deployApplication(input: z.input<typeof deploy.DeployApplicationInput>) {
    return this.#run(deploy.DeployApplicationInput, deploy.DeployApplicationOutput, deployApplication, input);
  }

  /** With `followSeconds` it waits for the next change of status, step or question before it answers. */
  getDeployment(input: z.input<typeof deploy.GetDeploymentInput>) {
    return this.#run(
      deploy.GetDeploymentInput,
      deploy.GetDeploymentOutput,
      (ctx, parsed) => getDeployment(ctx, parsed, serviceStatus),
      input,
    );
  }

  listDeployments(input: z.input<typeof deploy.ListDeploymentsInput> = {}) {
    return this.#run(deploy.ListDeploymentsInput, deploy.ListDeploymentsOutput, listDeployments, input);
  }

  /** Answers a deployment that waits, steps into one that runs, or rolls back one that has ended. */
  decideDeployment(input: z.input<typeof deploy.DecideDeploymentInput>) {
    return this.#run(deploy.DecideDeploymentInput, deploy.DecideDeploymentOutput, decideDeployment, input);
  }

  /** How two versions differ in what was measured, in numbers and in words. */
  compareVersions(input: z.input<typeof deploy.CompareVersionsInput>) {
    return this.#run(deploy.CompareVersionsInput, deploy.CompareVersionsOutput, compareVersions, input);
  }

  /** The state of everything that is checked, worst first. */
  monitorHealth(input: z.input<typeof health.MonitorHealthInput> = {}) {
    return this.#run(health.MonitorHealthInput, health.MonitorHealthOutput, monitorHealth, input);
  }

  /** Creates, updates, resolves or escalates an incident. */
  manageIncident(input: z.input<typeof incidents.ManageIncidentInput>) {
    return this.#run(incidents.ManageIncidentInput, incidents.ManageIncidentOutput, manageIncident, input);
  }

  getIncident(input: z.input<typeof incidents.GetIncidentInput>) {
    return this.#run(incidents.GetIncidentInput, incidents.GetIncidentOutput, getIncident, input);
  }

  listIncidents(input: z.input<typeof incidents.ListIncidentsInput> = {}) {
    return this.#run(incidents.ListIncidentsInput, incidents.ListIncidentsOutput, listIncidents, input);
  }

  /** What the logs of a window say: totals, patterns ranked, anomalies with their numbers, what to do next. */
  analyzeLogs(input: z.input<typeof logs.AnalyzeLogsInput>) {
    return this.#run(logs.AnalyzeLogsInput, logs.AnalyzeLogsOutput, analyzeLogs, input);
  }

  /** Lines of a window that meet a query, newest first unless told otherwise, page by page. */
  searchLogs(input: z.input<typeof logs.SearchLogsInput>) {
    return this.#run(logs.SearchLogsInput, logs.SearchLogsOutput, searchLogs, input);
  }

  /** Names of the metrics there are, with kind, unit and meaning. */
  listMetrics(input: z.input<typeof metrics.ListMetricsInput> = {}) {
    return this.#run(metrics.ListMetricsInput, metrics.ListMetricsOutput, listMetrics, input);
  }

  /** One metric, or a PromQL expression where the source speaks it, as lines of one value a step. */
  queryMetrics(input: z.input<typeof metrics.QueryMetricsInput>) {
    return this.#run(metrics.QueryMetricsInput, metrics.QueryMetricsOutput, queryMetrics, input);
  }

  /** Traces of a window, newest first. */
  listTraces(input: z.input<typeof traces.ListTracesInput>) {
    return this.#run(traces.ListTracesInput, traces.ListTracesOutput, listTraces, input);
  }

  /** One trace as a waterfall, and a sentence that says where its time went. */
  getTrace(input: z.input<typeof traces.GetTraceInput>) {
    return this.#run(traces.GetTraceInput, traces.GetTraceOutput, getTrace, input);
  }

  /** Which services there are, who calls whom, and how that goes. */
  getServiceMap(input: z.input<typeof traces.ServiceMapInput> = {}) {
    return this.#run(traces.ServiceMapInput, traces.ServiceMapOutput, serviceMap, input);
  }

  /** Every service per environment with health, versions, traffic and open incidents, worst first. */
  listServices(input: z.input<typeof services.ListServicesInput> = {}) {
    return this.#run(services.ListServicesInput, services.ListServicesOutput, listServices, input);
  }

  getService(input: z.input<typeof services.GetServiceInput>) {
    return this.#run(services.GetServiceInput, services.GetServiceOutput, getService, input);
  }

  /** Closes what this agent opened; a runtime that was given stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#opening;
    this.#opening = undefined;
    await (await opening)?.close();
  }

  async #run<I extends z.ZodObject, O extends z.ZodType>(
    inputSchema: I,
    outputSchema: O,
    verb: (ctx: AgentContext, input: z.output<I>) => Promise<z.input<O>>,
    input: z.input<I>,
  ): Promise<z.output<O>> {
    // strict: a misspelt dryRun must not start a real deployment
    const parsed = inputSchema.strict().safeParse(input);
    if (!parsed.success) throw invalid("The input is not valid", parsed.error);
    const runtime = await this.#runtime();
    const context: AgentContext = {
      ...runtime,
      config: this.config,
      actor: this.#options.actor ?? systemActor("script"),
      via: "script",
      reader: FOR_PEOPLE,
      requestId: newId("req"),
    };
    return outputSchema.parse(await verb(context, parsed.data as z.output<I>));
  }

  async #runtime(): Promise<Runtime> {
    if (this.#closed) throw new AppError("PRECONDITION", "This OperateAgent is closed. Make a new one.");
    if (this.#options.runtime) return this.#options.runtime;
    this.#opening ??= openRuntime(this.#loaded, this.#options).catch((error) => {
      this.#opening = undefined; // the next call may find the database running
      throw error;
    });
    return this.#opening;
  }
}

/**
 * The core's only way to the container and the embedded database, taken by scripts alone and only when it is needed,
 * so that everything else keeps the core free of its adapters.
 */
async function openRuntime(loaded: LoadedConfig, options: OperateAgentOptions): Promise<OpenRuntime> {
  const { createRuntime } = await import("../container/index.ts");
  const { findRunningPostgres } = await import("../db/embedded.ts");
  const { refuseForeignForTool } = await import("../db/installation.ts");
  const dataDir = resolve(options.dataDir ?? process.env.OPERATE_DATA_DIR ?? ".operate");
  const given = options.databaseUrl ?? process.env.DATABASE_URL;
  const databaseUrl = given ?? (await findRunningPostgres(dataDir));
  if (!databaseUrl)
    throw new AppError(
      "PRECONDITION",
      `No Operate runs on ${dataDir}. Start it with \`npm start\`, or set OPERATE_DATA_DIR or DATABASE_URL to the one that runs.`,
    );
  if (given) await refuseForeignForTool(given, dataDir, process.env);
  return createRuntime({ databaseUrl, dataDir, loaded, sample: false });
}

const invalid = (what: string, error: z.ZodError): AppError => {
  const issues = error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  const lines = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  return new AppError("INVALID", `${what}:\n${lines.join("\n")}`, { details: { issues } });
};
