import { isConsole } from "#server/agent/kernel/own-service.ts";
import type { ServiceRow } from "#server/agent/services/schema.ts";
import { plural } from "../../lib/format.ts";

type Counted = Pick<ServiceRow, "service" | "environment" | "origin">;

/** What a list of services holds, counted as the sentence of state counts: "5 services in 2 environments". */
export function countServices(all: readonly Counted[], total: number): string {
  const rows = all.filter((row) => !isConsole(row));
  if (rows.length === 0 && all.length > 0) return "no service configured";
  const services = new Set(rows.map(({ service }) => service)).size;
  const environments = new Set(rows.flatMap(({ environment }) => environment ?? [])).size;
  const where = environments > 0 ? ` in ${plural(environments, "environment")}` : "";
  const some = all.length < total ? `, ${all.length} of ${plural(total, "row")}` : "";
  return `${plural(services, "service")}${where}${some}`;
}
