import type { inferRouterInputs } from "@trpc/server";
import { deployExamples } from "../agent/deploy/examples.ts";
import { healthExamples } from "../agent/health/examples.ts";
import { incidentExamples } from "../agent/incidents/examples.ts";
import { ingestExamples } from "../agent/ingest/examples.ts";
import { logExamples } from "../agent/logs/examples.ts";
import { metricExamples } from "../agent/metrics/examples.ts";
import { policyExamples } from "../agent/policy/examples.ts";
import { serviceExamples } from "../agent/services/examples.ts";
import { settingsExamples } from "../agent/settings/examples.ts";
import { traceExamples } from "../agent/traces/examples.ts";
import { auditExamples } from "../audit/examples.ts";
import { sessionExamples, tokenExamples, userExamples } from "../auth/examples.ts";
import type { AppRouter } from "../routers/index.ts";

type Inputs = inferRouterInputs<AppRouter>;
/** What a capability gives of the examples of a router. */
export type ExamplesOf<Router extends keyof Inputs> = Partial<Inputs[Router]>;

/** One input that is taken, for every procedure: where one is missing, this does not compile. */
const BY_ROUTER = {
  services: serviceExamples,
  deploy: { ...deployExamples, ...policyExamples },
  health: healthExamples,
  incidents: incidentExamples,
  logs: logExamples,
  metrics: metricExamples,
  traces: traceExamples,
  ingest: ingestExamples,
  audit: auditExamples,
  settings: settingsExamples,
  tokens: tokenExamples,
  users: userExamples,
  session: sessionExamples,
  live: { events: {} },
} satisfies Inputs;

/** The same by path, as `deploy.start`. An input that is no object has no keys: undefined stands for it. */
export const EXAMPLES: Readonly<Record<string, object | undefined>> = Object.fromEntries(
  Object.entries<Record<string, object | undefined>>(BY_ROUTER).flatMap(([router, inputs]) =>
    Object.entries(inputs).map(([name, input]) => [`${router}.${name}`, input]),
  ),
);
