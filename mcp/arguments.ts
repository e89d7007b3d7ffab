import { AppError } from "#server/agent/kernel/errors.ts";
import type { McpTool } from "./registry.ts";

/**
 * Refuses arguments the tool does not have. Zod would drop them in silence, and a model that misspells `dryRun`
 * must not start a real deployment.
 * @throws INVALID with one issue per unknown argument and the names that exist.
 */
export function refuseUnknownArguments(tool: McpTool, given: Record<string, unknown>): void {
  const allowed = Object.keys(tool.inputSchema.properties ?? {});
  const unknown = Object.keys(given).filter((name) => !allowed.includes(name));
  if (unknown.length === 0) return;
  const names = unknown.slice(0, 10).map((name) => name.slice(0, 60));
  throw new AppError(
    "INVALID",
    `${tool.listing.name} has no argument ${names.join(", ")}. It takes: ${allowed.join(", ") || "none"}.`,
    { details: { unknown: names, allowed } },
  );
}

/** Without arguments that are null where they may be left out: a row of a result is given back as it stands. */
export function withoutNulls({ inputSchema }: McpTool, given: Record<string, unknown>): Record<string, unknown> {
  const required = inputSchema.required ?? [];
  return Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== null || required.includes(name)));
}
