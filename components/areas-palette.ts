import { comparePalette } from "./compare/area-palette.tsx";
import { deploymentsPalette } from "./deployments/area-palette.tsx";
import { incidentsPalette } from "./incidents/area-palette.tsx";
import { logsPalette } from "./logs/area-palette.tsx";
import type { PaletteEntries } from "./palette/palette-entries.ts";
import { servicesPalette } from "./services/area-palette.tsx";
import { tracesPalette } from "./traces/area-palette.tsx";

/** What areas bring to the palette, in their order. Apart from `areas.ts`: its scripts come when it is first opened. */
export const PALETTE_AREAS: readonly PaletteEntries[] = [
  servicesPalette,
  deploymentsPalette,
  comparePalette,
  incidentsPalette,
  logsPalette,
  tracesPalette,
];
