"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Banner } from "../feedback/banner.tsx";
import { FormError } from "../feedback/form-error.tsx";
import { Time } from "../feedback/time.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";

/** What stands against deployments now: locks with their reasons, freeze windows; nothing when nothing does. */
export function PolicyBanner(where: { service?: string; environment?: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.deploy.policy.queryOptions(where, { refetchInterval: 60_000 }));
  if (!data) return null;
  return (
    <>
      {data.freezes.map((freeze) => (
        <Banner key={freeze.name} tone="warning">
          <strong className="font-medium">
            {freeze.environments.length > 0 ? freeze.environments.join(", ") : "Everything"} is frozen
          </strong>{" "}
          ({freeze.name}): nothing new is deployed until <Time at={freeze.until} />. Going back is allowed.
        </Banner>
      ))}
      {data.locks.map((lock) => (
        <Banner
          key={`${lock.service}/${lock.environment}`}
          tone="warning"
          action={<Unlock service={lock.service} environment={lock.environment} />}
        >
          <strong className="font-medium">
            {lock.service} in {lock.environment} is locked
          </strong>{" "}
          by {lock.by.name}, <Time at={lock.at} />: {lock.reason}
        </Banner>
      ))}
    </>
  );
}

function Unlock(where: { service: string; environment: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const unlock = useMutation(
    trpc.deploy.unlock.mutationOptions({
      onSettled: () => queryClient.invalidateQueries(trpc.deploy.pathFilter()),
    }),
  );
  if (!useCan("deployment.write")) return null;
  return (
    <>
      <FormError error={unlock.error} />
      <Button size="sm" disabled={unlock.isPending} onClick={() => unlock.mutate(where)}>
        {unlock.isPending ? "Unlocking…" : "Unlock"}
      </Button>
    </>
  );
}
