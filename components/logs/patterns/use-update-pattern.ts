"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../trpc/client.tsx";

/** Changes what people said about a pattern; the patterns are read again whatever comes of it. */
export function useUpdatePattern(onSuccess?: () => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useMutation(
    trpc.logs.updatePattern.mutationOptions({
      onSuccess: () => onSuccess?.(),
      onSettled: () => queryClient.invalidateQueries(trpc.logs.analyze.pathFilter()),
    }),
  );
}
