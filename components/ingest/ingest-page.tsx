"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import type { IngestOverviewOutput } from "#server/agent/ingest/schema.ts";
import { INGEST_RANGES } from "#server/agent/ingest/words.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { DataTable } from "../data-table/data-table.tsx";
import { TableMenu } from "../data-table/table-menu.tsx";
import { Banner } from "../feedback/banner.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { Mark } from "../feedback/mark.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { Facts, Page, Section } from "../layout/page.tsx";
import { formatCount, formatNumber, formatOver, plural } from "../lib/format.ts";
import { useTRPC } from "../trpc/client.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { HowToSend } from "./how-to-send.tsx";
import { DEFAULT_RANGE } from "./ingest-range.ts";
import { finishedSteps, ingestSentence, RANGE_WORDS, RECORDS } from "./ingest-words.ts";
import { Limits, Storage } from "./limits.tsx";
import { Refusals } from "./refusals.tsx";
import { scrapeColumns } from "./scrape-columns.tsx";
import { senderColumns } from "./sender-columns.tsx";

const REFETCH_MS = 10_000;

/** What arrives, from whom, how much, and what was refused and why. */
export function IngestPage() {
  const trpc = useTRPC();
  const [range, setRange] = useQueryState(
    "range",
    parseAsStringLiteral(INGEST_RANGES).withDefault(DEFAULT_RANGE).withOptions({ history: "push" }),
  );
  const query = useQuery(
    trpc.ingest.overview.queryOptions({ range }, { refetchInterval: REFETCH_MS, placeholderData: (before) => before }),
  );
  return (
    <Page
      title="Ingest"
      actions={
        <Segmented
          label="Range"
          value={range}
          onChange={(next) => void setRange(next)}
          options={INGEST_RANGES.map((value) => ({ value, label: value, title: RANGE_WORDS[value] }))}
        />
      }
    >
      <QueryBoundary query={query} what="what arrives" skeleton={<IngestSkeleton />}>
        {(data) => <Overview data={data} />}
      </QueryBoundary>
    </Page>
  );
}

function Overview({ data }: { data: IngestOverviewOutput }) {
  const nothing = data.senders.length === 0 && data.refusals.length === 0;
  const words = RANGE_WORDS[data.range];
  const senders = {
    ...{ label: "Senders", columns: senderColumns, rows: data.senders },
    ...{ sortParameter: "sort", hideParameter: "hide" },
  };
  const targets = {
    ...{ label: "Scrape targets", columns: scrapeColumns, rows: data.targets },
    ...{ sortParameter: "targets", hideParameter: "hide-targets" },
  };
  return (
    <div className="flex flex-col gap-4">
      {data.collector.running ? null : (
        <Banner tone="critical">
          <Mark tone="critical" className="whitespace-normal">
            Telemetry is not taken in. <VisibleText text={data.collector.message} />
          </Mark>
        </Banner>
      )}
      {data.space.level === "full" ? (
        <Banner tone="critical">
          <Mark tone="critical" className="whitespace-normal">
            <VisibleText text={data.space.message} />
          </Mark>
        </Banner>
      ) : null}
      <p className="font-medium">{ingestSentence(data)}</p>
      <Signals data={data} />
      {nothing ? <HowToSend addresses={data.addresses} /> : null}
      <Section
        title="Senders"
        note={
          data.senders.length > 0
            ? `${plural(data.senders.length, "row")}, one a sender and signal, ${words}, most first`
            : undefined
        }
        actions={data.senders.length > 0 ? <TableMenu {...senders} /> : null}
      >
        {data.senders.length > 0 ? (
          <DataTable {...senders} rowKey={(sender) => `${sender.signal} ${sender.protocol} ${sender.name}`} />
        ) : (
          <EmptyState title={`Nobody has sent anything in the ${words}`}>
            Give a sender the text under “How to send”, or choose a longer range.
          </EmptyState>
        )}
      </Section>
      <Section
        title="Refused"
        note={data.refusals.length > 0 ? `${plural(data.refusals.length, "reason")}, newest first` : undefined}
      >
        {data.refusals.length > 0 ? (
          <Refusals refusals={data.refusals} />
        ) : (
          <p className="px-4 py-3 text-ink-2 text-sm">Nothing was refused in the {words}.</p>
        )}
      </Section>
      {data.targets.length > 0 ? (
        <Section title="Scraped" note={plural(data.targets.length, "target")} actions={<TableMenu {...targets} />}>
          <DataTable {...targets} rowKey={(target) => target.name} />
        </Section>
      ) : null}
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Section title="Limits" note="of the built-in store">
          <Limits limits={data.limits} />
        </Section>
        <Section title="Storage" note="of the built-in store">
          <Storage storage={data.storage} space={data.space} />
        </Section>
      </div>
      {nothing ? null : <HowToSend addresses={data.addresses} />}
    </div>
  );
}

const Signals = ({ data }: { data: IngestOverviewOutput }) => (
  <Facts
    items={data.signals.map((one) => ({
      label: one.signal,
      value: (
        <span className="flex items-center gap-3">
          <span>
            <span className="num">{formatNumber(one.perSecond)}</span> {RECORDS[one.signal]}/s
            {one.overSeconds !== null && one.accepted > 0 ? `, ${formatOver(one.overSeconds)}` : null}
          </span>
          <Sparkline
            values={finishedSteps(one.buckets)}
            label={`most in one step: ${formatCount(Math.max(0, ...finishedSteps(one.buckets)))}`}
          />
        </span>
      ),
    }))}
  />
);

const IngestSkeleton = () => (
  <div className="flex flex-col gap-4">
    <Skeleton className="h-5 w-2/3" />
    <Skeleton className="h-10 w-1/2" />
    <Section title="Senders">
      <SkeletonRows rows={6} />
    </Section>
    <Section title="Refused">
      <SkeletonRows rows={2} />
    </Section>
    <Skeleton className="h-48" />
  </div>
);
