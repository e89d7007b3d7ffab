import { MISSING } from "../lib/format.ts";
import type { AuditEntryView } from "./entry.ts";

type Target = Pick<AuditEntryView, "target" | "before" | "after">;

const textOf = (state: unknown, key: string): string | null => {
  const value = typeof state === "object" && state !== null ? (state as Record<string, unknown>)[key] : undefined;
  return typeof value === "string" && value !== "" ? value : null;
};

/**
 * What an entry is about, by name where its states tell it: "deployment of checkout 2.7.0 in production", "user Ada
 * Lovelace"; else by its id. The state after goes before the one before.
 */
export function targetName({ target, before, after }: Target): string {
  if (!target) return MISSING;
  const type = target.type.replaceAll(/[-_]/g, " ");
  const told = (key: string) => textOf(after, key) ?? textOf(before, key);
  const name = told("title") ?? told("name") ?? told("email");
  if (name) return `${type} ${name}`;
  const service = told("service");
  if (!service) return `${type} ${target.id}`;
  const version = told("version") ?? told("toVersion");
  const environment = told("environment");
  return `${type} of ${[service, version].filter(Boolean).join(" ")}${environment ? ` in ${environment}` : ""}`;
}
