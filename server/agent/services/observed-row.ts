import { rateOver } from "../telemetry/measured-rate.ts";
import type { Limits } from "../telemetry/service-limits.ts";
import { TRAFFIC_SECONDS } from "../traffic/index.ts";
import { judgeService, shownP95 } from "./judge-service.ts";
import type { ObservedService } from "./observed.ts";
import type { ServiceRow } from "./schema.ts";

/** The row of a service that only its telemetry tells of: nobody checks it, so that its users' requests decide. Pure. */
export function observedRow(observed: ObservedService, limits: Limits, now: Date): ServiceRow {
  const { service, lastSeen, window, newest, lastRequestsMs, servedSeconds } = observed;
  const facts = { probe: null, window, newest, lastRequestsMs, platform: null, waiting: null };
  const { state, reasons, unjudged } = judgeService(facts, limits);
  // what it was earlier is not judged, but a silence is known by its last requests
  const silentMs = state === "unknown" && lastRequestsMs !== null ? lastRequestsMs + TRAFFIC_SECONDS * 1_000 : null;
  const silentSince = silentMs === null ? null : new Date(Math.min(silentMs, now.getTime())).toISOString();
  const requests = window?.requests ?? 0;
  const toMs = TRAFFIC_SECONDS * 1_000;
  const sinceMs = servedSeconds == null ? null : toMs - servedSeconds * 1_000;
  const rate = rateOver(requests, { fromMs: 0, toMs, sinceMs });
  return {
    ...{ service, environment: null, origin: "observed", owner: "", lastSeen },
    ...{
      health: state,
      reasons,
      unjudged,
      healthSince: silentSince,
      healthAtLeastSince: silentSince ? null : now.toISOString(),
      causedBy: null,
      notice: null,
      overloaded: null,
    },
    healthMessage: reasons.map(({ message }) => message).join("; ") || null,
    ...{ currentVersion: null, versions: [], instancesReady: null, instancesWanted: null },
    traffic: {
      requestsPerSecond: window && rate.perSecond,
      overSeconds: window && rate.overSeconds,
      errorPercent: window && requests > 0 ? (window.failed / requests) * 100 : null,
      p95Ms: window && shownP95(window, limits),
      requests,
      seconds: TRAFFIC_SECONDS,
      p95Series: [],
    },
    openIncident: null,
    activeDeployment: null,
  };
}
