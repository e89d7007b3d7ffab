import { HydrationBoundary } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { prefetch, type Reads } from "./server.ts";

/** Server component: gives its children's queries the data already. The inputs must be those of the queries. */
export async function Prefetched({ reads, children }: { reads: Reads; children: ReactNode }) {
  return <HydrationBoundary state={await prefetch(reads)}>{children}</HydrationBoundary>;
}
