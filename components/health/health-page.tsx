"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsInteger, parseAsStringLiteral, useQueryState } from "nuqs";
import type { HealthState } from "#server/agent/health/schema.ts";
import { HEALTH_STATES, MOST_TARGETS } from "#server/agent/health/words.ts";
import { DataTable } from "../data-table/data-table.tsx";
import { Facet } from "../data-table/facet.tsx";
import { TableMenu } from "../data-table/table-menu.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Sentence } from "../feedback/sentence.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { formatCount } from "../lib/format.ts";
import { HealthMark } from "../marks/health-mark.tsx";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { READ_TOGETHER } from "../trpc/read-together.ts";
import { Button } from "../ui/button.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { groupTargets } from "./group-targets.ts";
import { HEALTH_COLUMNS } from "./health-columns.tsx";
import { monitorInput, PAGE_TARGETS } from "./monitor-input.ts";

/** "last check" and latency move without a hint */
const POLL_MS = 10_000;

type Monitor = RouterOutputs["health"]["monitor"];

/** What is down, and what is only a consequence of it. */
export function HealthPage() {
  const trpc = useTRPC();
  const { environment } = useEnvironment();
  const [state, setState] = useQueryState("state", parseAsStringLiteral(HEALTH_STATES));
  const [limit, setLimit] = useQueryState("limit", parseAsInteger.withDefault(PAGE_TARGETS));
  const query = useQuery(
    trpc.health.monitor.queryOptions(monitorInput({ environment, state, limit }), {
      ...READ_TOGETHER,
      refetchInterval: POLL_MS,
      placeholderData: (before) => before,
    }),
  );
  const table = {
    label: "Health checks, worst first",
    columns: HEALTH_COLUMNS,
    rows: groupTargets(query.data?.targets ?? []),
    hideParameter: "hide",
  };
  return (
    <Page title="Health" meta={<Overall data={query.data} />}>
      <Section
        title="Worst first"
        note="a consequence stands under its cause"
        actions={
          <>
            <Facet
              label="State"
              value={state}
              onChange={(value) => void setState(value)}
              options={HEALTH_STATES.toReversed()}
            />
            <TableMenu {...table} />
          </>
        }
      >
        <QueryBoundary
          query={query}
          what="the health checks"
          skeleton={<SkeletonRows rows={8} rowClassName="h-12" />}
          empty={(data) =>
            data.targets.length > 0 ? null : state ? (
              <EmptyState
                title={`Nothing is ${state}`}
                action={<Button onClick={() => void setState(null)}>Show all states</Button>}
              />
            ) : (
              <EmptyState title={environment ? `Nothing is checked in ${environment}` : "Nothing is checked yet"}>
                Every service of the configuration is checked by itself; add what else you depend on under{" "}
                <code className="num">monitoringConfig.healthEndpoints</code>.
              </EmptyState>
            )
          }
        >
          {(data) => (
            <>
              <DataTable {...table} rowKey={(row) => row.target.id} navigable />
              <Foot data={data} onMore={() => void setLimit(MOST_TARGETS)} />
            </>
          )}
        </QueryBoundary>
      </Section>
    </Page>
  );
}

function Overall({ data }: { data: Monitor | undefined }) {
  if (!data) return <Skeleton className="h-5 w-80 max-w-full" />;
  const present = HEALTH_STATES.toReversed().filter((state: HealthState) => (data.counts[state] ?? 0) > 0);
  return (
    <>
      <span role="status" className="flex items-center gap-2">
        <HealthMark state={data.overall} bare />
        <span className="font-medium">
          <Sentence text={data.summary} />
        </span>
      </span>
      {present.length > 1 ? (
        <ul aria-label="How many are in each state" className="flex flex-wrap gap-x-3">
          {present.map((state) => (
            <li key={state} className="text-ink-2">
              <span className="num">{formatCount(data.counts[state] ?? 0)}</span> {state}
            </li>
          ))}
        </ul>
      ) : null}
    </>
  );
}

const Foot = ({ data, onMore }: { data: Monitor; onMore: () => void }) => (
  <div className="flex min-h-10 flex-wrap items-center gap-3 border-t px-3 text-ink-3 text-xs">
    <span>
      {formatCount(data.targets.length)} of {formatCount(data.total)} shown
      {data.targets.length >= MOST_TARGETS && data.total > MOST_TARGETS
        ? "; choose an environment or a state to see the others"
        : ""}
    </span>
    {data.total > data.targets.length && data.targets.length < MOST_TARGETS ? (
      <Button size="sm" onClick={onMore}>
        Show more
      </Button>
    ) : null}
  </div>
);
