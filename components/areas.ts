import type { Area } from "./area.ts";
import { audit } from "./audit/area.tsx";
import { compare } from "./compare/area.tsx";
import { deployments } from "./deployments/area.tsx";
import { health } from "./health/area.tsx";
import { incidents } from "./incidents/area.tsx";
import { ingest } from "./ingest/area.tsx";
import { logs } from "./logs/area.tsx";
import { map } from "./map/area.tsx";
import { metrics } from "./metrics/area.tsx";
import { services } from "./services/area.tsx";
import { settings } from "./settings/area.tsx";
import { traces } from "./traces/area.tsx";

/** In the order of the rail. Telemetry stands together: metrics, logs, traces, map. */
export const AREAS: readonly Area[] = [
  services,
  deployments,
  compare,
  incidents,
  health,
  metrics,
  logs,
  traces,
  map,
  ingest,
  audit,
  settings,
];

export const PAGES = AREAS.flatMap((area) => area.pages);
