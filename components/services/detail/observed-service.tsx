"use client";

import type { ServiceRow } from "#server/agent/services/schema.ts";
import { PlainLink } from "../../layout/env-link.tsx";
import { Page } from "../../layout/page.tsx";
import { HealthMark } from "../../marks/health-mark.tsx";
import { tracesHref } from "../../traces/trace-scope.ts";
import { NoService } from "../no-service.tsx";
import { useSignals } from "../use-signals.ts";
import { ServiceCharts } from "./service-charts.tsx";
import { ServiceLogs } from "./service-logs.tsx";

/** A service that only its telemetry tells of: what it sends, without what Operate could do about it. */
export function ObservedService({ service, row }: { service: string; row: ServiceRow | undefined }) {
  const { query } = useSignals({ service, environment: undefined }, false);
  if (query.error?.data?.code === "NOT_FOUND") return <NoService service={service} message={query.error.message} />;
  return (
    <Page
      title={service}
      meta={
        <>
          {row ? <HealthMark state={row.health} className="font-medium" /> : null}
          <span className="text-ink-2 text-sm">
            {[
              ...(row?.reasons ?? []).map(({ message }) => message),
              "known by what it sends, all environments together",
            ].join("; ")}
          </span>
        </>
      }
      actions={
        <nav aria-label={`Pages about ${service}`} className="flex gap-4 text-sm">
          <PlainLink href={tracesHref({ service })} className="link">
            Traces
          </PlainLink>
          <PlainLink href={`/logs?${new URLSearchParams({ service })}`} className="link">
            Logs
          </PlainLink>
        </nav>
      }
    >
      <p className="max-w-prose text-ink-2 text-sm">
        It is not in the configuration, so Operate does not deploy, scale or check it. Its figures are read by the names
        of the SLI template that fits what it sends.
      </p>
      <ServiceCharts service={service} environment={undefined} />
      <ServiceLogs service={service} environment={undefined} />
    </Page>
  );
}
