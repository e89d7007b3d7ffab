import { expect, it } from "vitest";
import { DEPLOYMENT_COLUMNS } from "../deployments/deployment-columns.tsx";
import { HEALTH_COLUMNS } from "../health/health-columns.tsx";
import { INCIDENT_COLUMNS } from "../incidents/incident-columns.tsx";
import { serviceColumns } from "./table/service-columns.tsx";

/** cause, since when and who: what must not get lost on a phone */
it.each([
  ["services", serviceColumns(true), ["status", "version", "instances", "incident"]],
  ["health", HEALTH_COLUMNS, ["found", "since"]],
  ["deployments", DEPLOYMENT_COLUMNS, ["summary", "who"]],
  ["incidents", INCIDENT_COLUMNS, ["assignee", "opened"]],
])("%s: a phone keeps what is left out of the columns", (_, columns, ids) => {
  const kept = (columns as readonly { id: string; phone?: unknown }[]).filter(({ phone }) => phone).map(({ id }) => id);
  expect(kept).toEqual(expect.arrayContaining(ids));
});
