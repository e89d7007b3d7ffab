"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Banner } from "../feedback/banner.tsx";
import { FormError } from "../feedback/form-error.tsx";
import { Time, useClock } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { formatDuration } from "../lib/format.ts";
import { useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { describeScope } from "./freeze-words.ts";

/** Of the dry runs that the dialogs show: what stood against them may be gone. */
const PLAN_KEYS = ["deploy-plan", "rollback-plan"];
/** A freeze that begins sooner is worth a line. */
const SOON_MS = 3 * 86_400_000;

/** What stands against deployments now: locks with their reasons, freeze windows; nothing when nothing does. */
export function PolicyBanner(where: { service?: string; environment?: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.deploy.policy.queryOptions(where, { refetchInterval: 60_000 }));
  if (!data) return null;
  return (
    <>
      {data.freezes.map((freeze) => (
        <Banner key={freeze.name} tone="warning">
          <strong className="font-medium">{describeScope(freeze)} frozen</strong> by <VisibleText text={freeze.name} />:
          nothing new is deployed. It ends <Time at={freeze.until} />. Going back to an earlier version is allowed.
        </Banner>
      ))}
      {data.locks.map((lock) => (
        <Banner
          key={`${lock.service}/${lock.environment}`}
          tone="warning"
          action={<Unlock service={lock.service} environment={lock.environment} />}
        >
          <strong className="font-medium">
            <VisibleText text={lock.service} /> in {lock.environment} is locked
          </strong>{" "}
          by <VisibleText text={lock.by.name} /> (<Time at={lock.at} />
          ): <VisibleText text={lock.reason} />
        </Banner>
      ))}
      {data.nextFreeze ? <Next freeze={data.nextFreeze} /> : null}
    </>
  );
}

function Next({ freeze: { name, from, until } }: { freeze: { name: string; from: string; until: string } }) {
  const soon = useClock((now) => Date.parse(from) - now < SOON_MS && Date.parse(from) > now);
  const lasts = formatDuration(Date.parse(until) - Date.parse(from));
  return soon ? (
    <Banner>
      The freeze window <VisibleText text={name} /> begins <Time at={from} /> and lasts {lasts}. What should be out by
      then is deployed before.
    </Banner>
  ) : null;
}

/** Takes a lock away; absent for those who may not. */
export function Unlock(where: { service: string; environment: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const unlock = useMutation(
    trpc.deploy.unlock.mutationOptions({
      onSettled: async () => {
        await queryClient.invalidateQueries(trpc.deploy.pathFilter());
        for (const plan of PLAN_KEYS) await queryClient.invalidateQueries({ queryKey: [plan] });
      },
    }),
  );
  if (!useCan("deployment.write")) return null;
  return (
    <>
      <FormError error={unlock.error} />
      <Button size="sm" disabled={unlock.isPending} onClick={() => unlock.mutate(where)}>
        {unlock.isPending ? "Unlocking…" : `Unlock ${where.service} in ${where.environment}`}
      </Button>
    </>
  );
}
