import type { ServiceRow } from "#server/agent/services/schema.ts";
import { plural } from "../lib/format.ts";

/** What a list of services holds, counted as the sentence of state counts: "5 services in 2 environments". */
export function countServices(rows: readonly Pick<ServiceRow, "service" | "environment">[], total: number): string {
  const services = new Set(rows.map(({ service }) => service)).size;
  const environments = new Set(rows.flatMap(({ environment }) => environment ?? [])).size;
  const where = environments > 0 ? ` in ${plural(environments, "environment")}` : "";
  const some = rows.length < total ? `, ${rows.length} of ${plural(total, "row")}` : "";
  return `${plural(services, "service")}${where}${some}`;
}
