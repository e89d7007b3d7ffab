"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { IncidentView } from "#server/agent/incidents/schema.ts";
import { useTRPC } from "../trpc/client.tsx";

/**
 * Changes an incident. Whatever comes of it, the incidents are read again: a refused step means that someone else was
 * faster, and what is shown should be what is.
 */
export function useManageIncident(onSuccess?: (incident: IncidentView) => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useMutation(
    trpc.incidents.manage.mutationOptions({
      onSuccess: ({ incident }) => onSuccess?.(incident),
      onSettled: () =>
        Promise.all([
          queryClient.invalidateQueries(trpc.incidents.pathFilter()),
          queryClient.invalidateQueries(trpc.services.pathFilter()),
        ]),
    }),
  );
}
