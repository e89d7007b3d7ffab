"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useId } from "react";
import { Charts } from "../deployments/detail/version-charts.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { Mark } from "../feedback/mark.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useDocumentTitle } from "../lib/document-title.ts";
import { formatDuration, plural } from "../lib/format.ts";
import { placesOf } from "../services/places.ts";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { Select } from "../ui/field.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { compareInput, DEFAULT_MINUTES, MINUTES } from "./compare-input.ts";
import { MetricTable } from "./metric-table.tsx";

type Data = RouterOutputs["deploy"]["compare"];

const URL_STATE = {
  service: parseAsString,
  environment: parseAsString,
  baseline: parseAsString,
  candidate: parseAsString,
  minutes: parseAsStringLiteral(MINUTES).withDefault(DEFAULT_MINUTES),
};

/** One version against another, in words with numbers and on one axis. */
export function ComparePage() {
  const trpc = useTRPC();
  const [url, setUrl] = useQueryStates(URL_STATE, { history: "push" });
  const services = useQuery(trpc.services.list.queryOptions({}));
  const input = compareInput(url);
  const query = useQuery(
    trpc.deploy.compare.queryOptions(input ?? { service: "-", environment: "-" }, {
      enabled: input !== null,
      refetchInterval: 15_000,
      placeholderData: (before) =>
        before?.service === url.service && before.environment === url.environment ? before : undefined,
    }),
  );
  const title = input ? `Versions of ${input.service} in ${input.environment}` : "Compare versions";
  useDocumentTitle(title);
  const places = placesOf(services.data?.rows).map(({ service, environment }) => ({ service, environment }));
  const { data } = query;
  const [old, fresh] = [url.baseline ?? data?.baseline?.version, url.candidate ?? data?.candidate?.version];
  const versions = data?.versions ?? [];

  return (
    <Page
      title={title}
      actions={
        <>
          <Choose
            label="Of"
            value={input ? `${input.service} in ${input.environment}` : undefined}
            options={places.map(({ service, environment }) => ({ value: `${service} in ${environment}` }))}
            onChange={(chosen) => {
              const place = places.find(({ service, environment }) => `${service} in ${environment}` === chosen);
              if (place) void setUrl({ ...place, baseline: null, candidate: null });
            }}
          />
          {input ? (
            <>
              <Choose
                label="Old"
                value={old}
                options={versions.map((value) => ({ value, disabled: value === fresh }))}
                onChange={(value) => void setUrl({ baseline: value })}
              />
              <Choose
                label="New"
                value={fresh}
                options={versions.map((value) => ({ value, disabled: value === old }))}
                onChange={(value) => void setUrl({ candidate: value })}
              />
              <Segmented
                label="Minutes of each"
                value={url.minutes}
                onChange={(value) => void setUrl({ minutes: value })}
                options={MINUTES.map((value) => ({ value, label: formatDuration(Number(value) * 60_000) }))}
              />
            </>
          ) : null}
        </>
      }
    >
      {input ? (
        <QueryBoundary query={query} what="the comparison" skeleton={<Loading />}>
          {(loaded) => <Loaded data={loaded} />}
        </QueryBoundary>
      ) : (
        <Section title="What is compared">
          <EmptyState title="Choose a service above">
            Its newest version is then compared with the one before it: errors, latency, CPU, memory. Deployments and
            services lead here, too.
          </EmptyState>
        </Section>
      )}
    </Page>
  );
}

interface ChooseProps {
  label: string;
  value: string | undefined;
  options: { value: string; disabled?: boolean }[];
  onChange: (value: string) => void;
}

function Choose({ label, value, options, onChange }: ChooseProps) {
  const id = useId();
  const listed = value === undefined || options.some((option) => option.value === value);
  return (
    <div className="flex min-w-0 items-center gap-1.5 text-sm">
      <label htmlFor={id} className="whitespace-nowrap text-ink-3">
        {label}
      </label>
      <Select
        id={id}
        className="w-auto min-w-24"
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value)}
      >
        {value === undefined ? <option value="">choose</option> : null}
        {listed ? null : <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.value}
          </option>
        ))}
      </Select>
    </div>
  );
}

/** The sizes of what comes, so that nothing moves when it does. */
const Loading = () => (
  <div className="flex flex-col gap-4">
    <div className="rounded-md border bg-surface">
      <Skeleton className="m-3 h-32" />
      <SkeletonRows rows={9} />
    </div>
    <div className="grid gap-4 lg:grid-cols-3">
      <Skeleton className="h-[237px]" />
      <Skeleton className="h-[237px]" />
      <Skeleton className="h-[237px]" />
    </div>
  </div>
);

const NO_MARKERS: { at: string; label: string }[] = [];

function Loaded({ data }: { data: Data }) {
  const { baseline, candidate, metrics, sameMinutes, summary, series, stepSeconds, service } = data;
  const both = baseline !== null && candidate !== null;
  return (
    <div className="flex flex-col gap-4">
      <Section
        title={both ? `${candidate.version} against ${baseline.version}` : "Comparison"}
        note={both && sameMinutes ? "in the minutes in which both served" : undefined}
      >
        <div className="flex flex-col gap-2 p-3">
          <p className="max-w-prose text-base">
            <VisibleText text={summary} />.
          </p>
          {both && !sameMinutes ? (
            <p className="flex items-baseline gap-1.5 text-sm">
              <Mark tone="warning" bare>
                note
              </Mark>
              They did not serve in the same minutes: a difference may come from the hour and not from the version.
            </p>
          ) : null}
          {both ? <OwnOnly service={service} /> : null}
          <ul className="flex flex-wrap gap-x-6 gap-y-1 text-ink-3 text-xs">
            {[baseline, candidate].map((side) =>
              side ? (
                <li key={side.version}>
                  <span className="num text-ink-2">{side.version}</span>: {plural(side.requests, "request")} in{" "}
                  {formatDuration(Date.parse(side.to) - Date.parse(side.from))}, from <Time at={side.from} /> until{" "}
                  <Ended at={side.to} />
                </li>
              ) : null,
            )}
            {both ? <li>{leftOutWords(data)}</li> : null}
          </ul>
        </div>
        {both ? (
          <div className="border-t">
            <MetricTable metrics={metrics} baseline={baseline.version} candidate={candidate.version} />
          </div>
        ) : (
          <EmptyState title="There is no second version to compare with">
            Deploy another version of <VisibleText text={service} />: while both serve, and afterwards, this page tells
            them apart.
          </EmptyState>
        )}
      </Section>
      {series.length > 0 ? (
        <Charts versions={series} stepSeconds={stepSeconds} markers={NO_MARKERS} cursor="compare" />
      ) : null}
    </div>
  );
}

/** The judge of a deployment looks further, so its verdict may differ. */
export const OwnOnly = ({ service }: { service: string }) => (
  <p className="max-w-prose text-ink-2 text-sm">
    Only the two versions’ own figures are compared here. The judge of a deployment also compares the errors of services
    that depend on <VisibleText text={service} />: it may find a version worse that looks no worse here.
  </p>
);

/** The judge's own windows are shorter: they begin with its step. */
function leftOutWords({ leftOut }: Data): string {
  if (leftOut === null)
    return "Read in whole minutes: requests counted while the balancer itself stood still cannot be told apart.";
  const sum = leftOut.baseline + leftOut.candidate;
  return sum === 0
    ? "No request is left out."
    : `Left out, as the judge does: ${plural(sum, "request")} in the time in which the balancer itself stood still.`;
}

/** A minute that is not over ends in the future. */
const Ended = ({ at }: { at: string }) => (Date.parse(at) > Date.now() - 5_000 ? "now" : <Time at={at} />);
