import type { z } from "zod";
import { catalogOf } from "../catalog/catalog.ts";
import type { HealthState } from "../health/schema.ts";
import { countUnresolved } from "../incidents/index.ts";
import { unknownName } from "../kernel/allowed-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { isConsole } from "../kernel/own-service.ts";
import { authorize } from "../kernel/permissions.ts";
import { listChanges } from "./changes.ts";
import { worstState } from "./judge-service.ts";
import { missingProcesses } from "./missing-processes.ts";
import { silenceSentence } from "./platform-view.ts";
import { isAilment, isSilent } from "./rank.ts";
import type { ListServicesInput, ListServicesOutput, ServiceRow } from "./schema.ts";
import { serviceRows } from "./service-rows.ts";
import { isOfRequests } from "./words.ts";

const CHANGES_MS = 6 * 3_600_000;

/**
 * The overview: a row per service and environment, worst first, with one sentence of state and what changed.
 * @throws INVALID for an environment that is not configured, naming those that are.
 */
export async function listServices(
  ctx: AgentContext,
  input: z.output<typeof ListServicesInput>,
): Promise<ListServicesOutput> {
  authorize(ctx, "service.read");
  const { environment, limit, offset = 0 } = input;
  const catalog = catalogOf(ctx.config);
  const { environments } = catalog;
  if (environment !== undefined && !environments.includes(environment))
    throw unknownName({
      ...{ what: "environment", given: environment, allowed: environments },
      ...{ intro: "Configured", code: "INVALID" },
    });
  const [{ rows, platform, uncountedSince, unseen, silent }, incidents, changes] = await Promise.all([
    serviceRows(ctx, { environment }),
    countUnresolved(ctx.db, environment),
    listChanges(ctx, {
      since: new Date(ctx.now().getTime() - CHANGES_MS),
      ...(environment === undefined ? {} : { environment }),
    }),
  ]);
  // with no service to run there is no platform, and nothing to ask it
  const platformReachable = platform.silentSince === null || catalog.services.length === 0;
  const states = rows.filter((row) => !isSilent(row)).map((row) => row.health);
  const unknown = platformReachable ? uncountedSentence(uncountedSince) : silenceSentence(platform);
  const missing = missingProcesses(ctx).map(({ sentence }) => sentence);
  const isKnown = platformReachable && silent.length === 0 && missing.length === 0;
  const said = [unknown, ...missing, unseen].filter((text) => text !== null).join(" · ");
  return {
    summary: summarise(rows, said || null, incidents),
    overall: worstState(isKnown ? states : [...states, "unknown"]),
    sample: ctx.source.sample,
    environments: [...environments],
    platformReachable,
    rows: rows.slice(offset, limit === undefined ? undefined : offset + limit),
    total: rows.length,
    changes,
  };
}

const uncountedSentence = (since: Date | null): string | null =>
  since && `Requests are not counted since ${since.toISOString()}: errors and latency are unknown`;

const STATE_WORDS: [HealthState, string][] = [
  ["down", "down"],
  ["failing", "failing"],
  ["degraded", "degraded"],
  ["unknown", "without a fresh check"],
  ["pending", "failing, not yet confirmed"],
  ["maintenance", "in maintenance"],
];
/** as many as a sentence can name */
const NAMED_AT_MOST = 3;
const nameOf = ({ service, environment }: ServiceRow): string =>
  environment ? `${service} (${environment})` : service;
const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const listed = (words: string[]) => [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");
const distinct = (words: string[]) => [...new Set(words)].sort();

/** What its users meet, of the worst of them: a check's words stand beside the service. */
const reasonOf = (row: ServiceRow | undefined): string | undefined =>
  row?.reasons.find((reason) => reason.state === row.health && isOfRequests(reason))?.message;

/**
 * "checkout (production) failing: 91 % of 1,240 requests failed in 5 min · 1 open incident", or that all is well: first
 * what hurts users, last how Operate itself is, which is none of the services that are counted. `all`
 * is worst first, as the list shows it; `silence` says who of Operate does not answer, that requests are
 * not counted, or what of others is not known; `incidents` is how many are not resolved, those of services that are gone among them.
 */
export function summarise(all: readonly ServiceRow[], silence: string | null, incidents: number): string {
  const others = all.filter((row) => !isConsole(row));
  const rows = others.filter((row) => !isSilent(row));
  const [roots, consequences] = [rows.filter(({ causedBy }) => !causedBy), rows.filter(({ causedBy }) => causedBy)];
  const parts = [...clausesOf(roots, isAilment, rows), ...clausesOf(consequences, isAilment, rows)];
  if (incidents > 0) parts.push(plural(incidents, "open incident"));
  if (silence !== null) parts.push(silence);
  const milder = [...clausesOf(rows, (state) => !isAilment(state)), ...unjudgedClause(rows)];
  if (rows.length === 0) parts.push("No services are configured yet");
  else if (milder.length > 0) parts.push(...milder);
  else if (silence === null && !rows.some(({ health }) => isAilment(health))) parts.push(allUp(others));
  const deployments = rows.flatMap((row) => row.activeDeployment ?? []);
  const waiting = deployments.filter((one) => one.waiting).length;
  if (deployments.length > waiting) parts.push(running(deployments.filter((one) => !one.waiting)));
  if (waiting > 0) parts.push(`${plural(waiting, "deployment")} ${waiting === 1 ? "waits" : "wait"} for a decision`);
  // its own state hurts those who look, and their services' users not at all
  const own = all.filter((row) => isConsole(row) && !isSilent(row));
  parts.push(...clausesOf(own, () => true));
  return parts.join(" · ");
}

/** A clause for each of the states that `wanted` takes, worst first: who is in it, and why. */
function clausesOf(
  rows: readonly ServiceRow[],
  wanted: (state: HealthState) => boolean,
  all: readonly ServiceRow[] = rows,
): string[] {
  return STATE_WORDS.filter(([state]) => wanted(state)).flatMap(([state, words]) => {
    const there = rows.filter((row) => row.health === state);
    if (there.length === 0) return [];
    const names = there.map(nameOf);
    const reason = reasonOf(there[0]);
    const who = names.length <= NAMED_AT_MOST ? listed(names) : shareOf(there, all);
    const because = distinct(there.flatMap(({ causedBy }) => causedBy ?? []));
    const of = because.length > 0 ? ` because of ${listed(because)}` : "";
    const worst = there.length === 1 ? "" : `, worst ${names[0]}`;
    return [`${who} ${words}${of}${reason ? `${worst}: ${reason}` : ""}`];
  });
}

/**
 * What looks bad although nothing says that it is: nobody is told that all is up while 9 of 9 requests fail. Those
 * whose state is told anyway are left out.
 */
function unjudgedClause(rows: readonly ServiceRow[]): string[] {
  const found = rows.flatMap((row) => {
    const figure = isAilment(row.health) ? undefined : row.unjudged.find(({ why }) => why === "few");
    return figure ? [{ row, message: figure.message }] : [];
  });
  if (found.length > NAMED_AT_MOST)
    return [
      `${shareOf(
        found.map(({ row }) => row),
        rows,
      )} beyond a limit, on too few requests to judge by`,
    ];
  return found.map(({ row, message }) => `${nameOf(row)}: ${message}`);
}

const services = (rows: readonly ServiceRow[]): number => distinct(rows.map((row) => row.service)).length;
/** Services are counted, as everywhere, and not the environments each of them runs in. */
const shareOf = (some: readonly ServiceRow[], all: readonly ServiceRow[]): string =>
  `${services(some)} of ${plural(services(all), "service")}`;

/** "All 4 services are up in production", of all that stand there; those that tell nothing of requests apart. */
function allUp(all: readonly ServiceRow[]): string {
  const rows = all.filter((row) => !isSilent(row));
  const count = services(rows);
  const environments = distinct(rows.flatMap((row) => row.environment ?? []));
  const where = environments.length > 0 ? ` in ${listed(environments)}` : "";
  const silent = services(all.filter(isSilent));
  const more = silent === 0 ? "" : `, ${silent} more ${silent === 1 ? "tells" : "tell"} nothing of requests`;
  return `${count === 1 ? "The service is" : `All ${count} services are`} up${where}${more}`;
}

/** `1 deployment at 25 %`, when there is one whose share says more than that it runs. */
function running(deployments: readonly NonNullable<ServiceRow["activeDeployment"]>[]): string {
  const [only] = deployments;
  const share = deployments.length === 1 && only?.weight != null ? `at ${only.weight} %` : "running";
  return `${plural(deployments.length, "deployment")} ${share}`;
}
