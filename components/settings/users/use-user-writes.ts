"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../trpc/client.tsx";

/** A change of a user, after which the list is read again. */
export function useUserWrites() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onSettled = () => queryClient.invalidateQueries(trpc.users.pathFilter());
  return {
    create: useMutation(trpc.users.create.mutationOptions({ onSettled })),
    setRole: useMutation(trpc.users.setRole.mutationOptions({ onSettled })),
    setDisabled: useMutation(trpc.users.setDisabled.mutationOptions({ onSettled })),
    resetPassword: useMutation(trpc.users.resetPassword.mutationOptions({ onSettled })),
  };
}
