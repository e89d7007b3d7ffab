import { useQuery } from "@tanstack/react-query";
import { useEnvironment } from "../lib/environment.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { type PlaceRow, placesOf } from "./places.ts";

/** The configured services in the chosen environment, or in every one. */
export function usePlaces(): PlaceRow[] {
  const { environment } = useEnvironment();
  const services = useQuery(useTRPC().services.list.queryOptions({}));
  return placesOf(services.data?.rows).filter((row) => environment === null || row.environment === environment);
}
