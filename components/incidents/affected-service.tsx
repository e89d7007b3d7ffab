"use client";

import { useQuery } from "@tanstack/react-query";
import { Elapsed } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Facts, Section } from "../layout/page.tsx";
import { formatFailed, formatP95 } from "../lib/format.ts";
import { HealthMark } from "../marks/health-mark.tsx";
import { readySentence } from "../services/table/ready-words.ts";
import { useTRPC } from "../trpc/client.tsx";
import { describeError } from "../trpc/error-description.ts";
import { READ_TOGETHER } from "../trpc/read-together.ts";
import { Skeleton } from "../ui/skeleton.tsx";

/** How the service is now, and who is served by it: what the incident means for others. */
export function AffectedService({ service, environment }: { service: string; environment: string }) {
  const trpc = useTRPC();
  const { data, error } = useQuery(
    trpc.services.get.queryOptions(
      { service, environment, range: "15m" },
      { ...READ_TOGETHER, refetchInterval: 10_000 },
    ),
  );
  return (
    <Section title={`${service} now`} note={`in ${environment}`}>
      <div className="flex min-h-24 flex-col gap-3 p-3 text-sm">
        {data ? (
          <>
            <p>
              <HealthMark state={data.row.health} className="font-medium" />
              {data.row.healthSince ? (
                <span className="text-ink-2">
                  {" "}
                  for <Elapsed since={data.row.healthSince} />
                </span>
              ) : data.row.healthAtLeastSince ? (
                <span className="text-ink-2">
                  {" "}
                  for at least <Elapsed since={data.row.healthAtLeastSince} />
                </span>
              ) : null}
              {data.row.healthMessage ? <span className="text-ink-2">: {data.row.healthMessage}</span> : null}
              {data.row.causedBy ? <span className="text-ink-2">, caused by {data.row.causedBy}</span> : null}
            </p>
            <Facts
              items={[
                {
                  label: "Errors, 5 min",
                  value: formatFailed(data.row.traffic),
                },
                { label: "p95", value: formatP95(data.row.traffic) },
                {
                  label: "Ready",
                  value: readySentence(data.row),
                },
                { label: "Version", value: <span className="num">{data.row.currentVersion ?? "none"}</span> },
                {
                  label: "Affects",
                  value:
                    data.usedBy.length === 0
                      ? "no other service"
                      : data.usedBy.map((name, index) => (
                          <span key={name}>
                            {index > 0 ? ", " : ""}
                            <EnvLink className="link" href={`/services/${name}?env=${encodeURIComponent(environment)}`}>
                              <VisibleText text={name} />
                            </EnvLink>
                          </span>
                        )),
                },
              ]}
            />
          </>
        ) : error ? (
          <p className="text-ink-2">Its state could not be read. {describeError(error).message}</p>
        ) : (
          <Skeleton className="h-16" />
        )}
      </div>
    </Section>
  );
}
