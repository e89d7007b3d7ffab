import type { Limits } from "../kernel/service-limits.ts";
import { TRAFFIC_SECONDS } from "../traffic/index.ts";
import { judgeService } from "./judge-service.ts";
import type { ObservedService } from "./observed.ts";
import type { ServiceRow } from "./schema.ts";

/** The row of a service that only its telemetry tells of: nobody checks it, so that its users' requests decide. Pure. */
export function observedRow({ service, lastSeen, window, newest }: ObservedService, limits: Limits): ServiceRow {
  const { state, reasons } = judgeService({ probe: null, window, newest, platform: null, waiting: null }, limits);
  const requests = window?.requests ?? 0;
  return {
    ...{ service, environment: null, origin: "observed", owner: "", lastSeen },
    ...{ health: state, reasons, healthSince: null, causedBy: null, notice: null, overloaded: null },
    healthMessage: reasons.map(({ message }) => message).join("; ") || null,
    ...{ currentVersion: null, versions: [], instancesReady: 0, instancesWanted: 0 },
    traffic: {
      requestsPerSecond: window ? requests / TRAFFIC_SECONDS : null,
      errorPercent: window && requests > 0 ? (window.failed / requests) * 100 : null,
      p95Ms: window?.p95Ms ?? null,
      requests,
      seconds: TRAFFIC_SECONDS,
      p95Series: [],
    },
    openIncident: null,
    activeDeployment: null,
  };
}
