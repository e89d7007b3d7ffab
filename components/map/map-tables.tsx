"use client";

import { useMemo } from "react";
import { DataTable } from "../data-table/data-table.tsx";
import { TableMenu } from "../data-table/table-menu.tsx";
import { Section } from "../layout/page.tsx";
import { plural } from "../lib/format.ts";
import { EDGE_COLUMNS, nodeColumns } from "./map-columns.tsx";
import type { MapEdge, MapNode } from "./prepare/edges.ts";
import { edgeKey } from "./prepare/layout-keys.ts";

interface MapTablesProps {
  nodes: readonly MapNode[];
  edges: readonly MapEdge[];
  onChoose: (id: string) => void;
}

/** The map without a drawing: each service, and each call between two. */
export function MapTables({ nodes, edges, onChoose }: MapTablesProps) {
  const columns = useMemo(() => nodeColumns(onChoose), [onChoose]);
  const services = {
    ...{ label: "Services of the map", columns, rows: nodes },
    ...{ sortParameter: "sort", hideParameter: "hide" },
  };
  const calls = {
    ...{ label: "Calls between services", columns: EDGE_COLUMNS, rows: edges },
    ...{ sortParameter: "calls", hideParameter: "hide-calls" },
  };
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <Section title="Services" note="worst first" actions={<TableMenu {...services} />}>
        <DataTable {...services} rowKey={(node) => node.id} navigable />
      </Section>
      <Section title="Calls" note={plural(edges.length, "connection")} actions={<TableMenu {...calls} />}>
        <DataTable {...calls} rowKey={edgeKey} />
      </Section>
    </div>
  );
}
