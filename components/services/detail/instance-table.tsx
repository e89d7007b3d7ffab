"use client";

import { useMemo } from "react";
import { DataTable } from "../../data-table/data-table.tsx";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { type Instance, instanceColumns } from "./instance-columns.tsx";

/** What runs; a row opens the instance's log. */
export function InstanceTable({
  instances,
  onOpen,
}: {
  instances: readonly Instance[];
  onOpen: (instance: Instance) => void;
}) {
  const columns = useMemo(() => instanceColumns(onOpen), [onOpen]);
  if (instances.length === 0)
    return <EmptyState title="No instance runs">Deploy a version to start some, or wait for the platform.</EmptyState>;
  return (
    <DataTable label="Instances" columns={columns} rows={instances} rowKey={(instance) => instance.id} navigable />
  );
}
