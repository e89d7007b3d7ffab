"use client";

import type { ReactNode } from "react";
import { EmptyState } from "../feedback/empty-state.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink, PlainLink } from "../layout/env-link.tsx";
import { Section } from "../layout/page.tsx";
import { cn } from "../lib/cn.ts";
import { HealthMark } from "../marks/health-mark.tsx";
import { tracesHref } from "../traces/trace-scope.ts";
import { Button } from "../ui/button.tsx";
import { FigureFacts, Figures } from "./figures.tsx";
import { callsOf, type MapEdge, type MapNode } from "./prepare/edges.ts";

interface MapSideProps {
  nodes: readonly MapNode[];
  edges: readonly MapEdge[];
  environment: string | null;
  chosen: MapNode | null;
  onChoose: (id: string | null) => void;
  className?: string;
}

/** Beside the map: all services, worst first, or the one that is chosen. */
export const MapSide = (props: MapSideProps) =>
  props.chosen ? <Chosen {...props} node={props.chosen} /> : <List {...props} />;

const List = ({ nodes, onChoose, className }: MapSideProps) => (
  <Section title="Services" note="worst first" {...(className ? { className } : {})}>
    <ul className="divide-y">
      {nodes.map((node) => (
        <li key={node.id}>
          <button
            type="button"
            onClick={() => onChoose(node.id)}
            className="flex w-full flex-col gap-0.5 px-3 py-1.5 text-left text-sm hover:bg-hover"
          >
            <span className="flex items-center gap-2">
              {node.health ? <HealthMark state={node.health} bare /> : null}
              <span className="min-w-0 flex-1 truncate font-medium" title={node.label}>
                {node.label}
              </span>
              {node.kind === "external" ? <span className="text-ink-3 text-xs">external</span> : null}
            </span>
            <Figures part={node} className="text-ink-2 text-xs" />
          </button>
        </li>
      ))}
    </ul>
  </Section>
);

function Chosen({ node, edges, environment, onChoose, className }: MapSideProps & { node: MapNode }) {
  const calls = callsOf(edges, node.id);
  return (
    <Section
      title={<span className="break-all">{node.label}</span>}
      {...(className ? { className } : {})}
      actions={
        <Button size="sm" variant="ghost" onClick={() => onChoose(null)}>
          Close
        </Button>
      }
    >
      <div className="flex flex-col gap-4 p-3 text-sm">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          {node.health ? <HealthMark state={node.health} className="font-medium" /> : null}
          {node.version ? <span className="num text-ink-2">{node.version}</span> : null}
          {node.kind === "external" ? (
            <span className="text-ink-2">Called from here, but sends no spans: the figures are its callers'.</span>
          ) : null}
        </div>
        <FigureFacts part={node} />
        <nav aria-label={`Pages about ${node.label}`} className="flex flex-wrap gap-x-4 gap-y-1">
          <Ways node={node} environment={environment} />
        </nav>
        <Calls title="Called by" edges={calls.from} end="from" onChoose={onChoose} />
        <Calls title="Calls" edges={calls.to} end="to" onChoose={onChoose} />
      </div>
    </Section>
  );
}

function Ways({ node, environment }: { node: MapNode; environment: string | null }) {
  const place = { service: node.id, environment };
  const env = environment ? { env: environment } : {};
  if (node.kind === "external") return null;
  return (
    <>
      {node.configured ? (
        <EnvLink href={`/services/${encodeURIComponent(node.id)}?${new URLSearchParams(env)}`} className="link">
          Service
        </EnvLink>
      ) : (
        <PlainLink href={`/services/${encodeURIComponent(node.id)}`} className="link">
          Service
        </PlainLink>
      )}
      <EnvLink href={tracesHref(place)} className="link">
        Traces
      </EnvLink>
      <EnvLink href={tracesHref({ ...place, errors: true })} className="link">
        Failed traces
      </EnvLink>
      <EnvLink href={`/logs?${new URLSearchParams({ service: node.id, ...env })}`} className="link">
        Logs
      </EnvLink>
    </>
  );
}

interface CallsProps {
  title: string;
  edges: readonly MapEdge[];
  end: "from" | "to";
  onChoose: (id: string) => void;
}

const Calls = ({ title, edges, end, onChoose }: CallsProps): ReactNode =>
  edges.length === 0 ? null : (
    <section>
      <h3 className="mb-1 font-medium text-ink-3 text-xs">
        <VisibleText text={title} />
      </h3>
      <ul className="divide-y rounded-md border">
        {edges.map((edge) => (
          <li key={edge[end]}>
            <button
              type="button"
              onClick={() => onChoose(edge[end])}
              className={cn("flex w-full flex-col px-2.5 py-1 text-left hover:bg-hover", !edge.seen && "border-dashed")}
            >
              <span className="max-w-full truncate font-medium" title={edge[end]}>
                {edge[end]}
              </span>
              {edge.seen ? (
                <Figures part={edge} className="text-ink-2 text-xs" />
              ) : (
                <span className="text-ink-3 text-xs">configured, but no call was seen</span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );

/** Said in the table's place when there is nothing to show. */
export const NoMap = () => (
  <EmptyState title="No service is configured, and no trace has arrived">
    Name services in operate.config.yaml, or send traces; the{" "}
    <EnvLink href="/ingest" className="link">
      ingest page
    </EnvLink>{" "}
    says how.
  </EmptyState>
);
