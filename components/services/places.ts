import type { ServiceRow } from "#server/agent/services/schema.ts";
import type { RouterOutputs } from "../trpc/client.tsx";

/** A configured service in one environment: what can be deployed, locked and rolled back. */
export type PlaceRow = ServiceRow & { environment: string };

const isPlace = (row: ServiceRow): row is PlaceRow => row.environment !== null;

/** The rows that are configured, in their order; those that only telemetry tells of have no environment to act in. */
export const placesOf = (rows: readonly ServiceRow[] | undefined): PlaceRow[] => (rows ?? []).filter(isPlace);

/** The page of a service: in its environment, or of all it sends. */
export const serviceHref = (row: { service: string; environment: string | null }): string =>
  `/services/${encodeURIComponent(row.service)}${row.environment === null ? "" : `?env=${encodeURIComponent(row.environment)}`}`;

type Found = RouterOutputs["services"]["get"];
/** A service in one environment, as its page shows it. */
export type PlacedService = Found & { row: { environment: string } };

export const placedService = (found: Found): PlacedService => ({
  ...found,
  row: { ...found.row, environment: found.row.environment ?? "" },
});
