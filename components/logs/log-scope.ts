import type { z } from "zod";
import { LONGEST_ENVIRONMENT, LONGEST_SERVICE } from "#server/agent/catalog/words.ts";
import type { AnalyzeLogsInput } from "#server/agent/logs/schema.ts";
import { LONGEST_QUERY } from "#server/agent/logs/words.ts";

type Scope = Pick<z.input<typeof AnalyzeLogsInput>, "service" | "environment" | "logLevel" | "query">;

/** "this level and worse", least severe first. */
export const LEVELS = ["debug", "info", "warn", "error"] as const;
export const TABS = ["patterns", "lines"] as const;

/** What the page asks about, as its URL has it. */
export interface LogUrl {
  query: string | null;
  service: string | null;
  level: string | null;
  environment: string | null;
}

/** The part of every input that the URL decides, on the server and in the browser alike. What is longer is refused by the server, so it is not asked. */
export function scopeOf(url: LogUrl): Scope {
  const level = LEVELS.find((one) => one === url.level);
  const query = url.query?.trim().slice(0, LONGEST_QUERY);
  return {
    ...(url.service && url.service.length <= LONGEST_SERVICE ? { service: url.service } : {}),
    ...(url.environment && url.environment.length <= LONGEST_ENVIRONMENT ? { environment: url.environment } : {}),
    ...(level ? { logLevel: level } : {}),
    ...(query ? { query } : {}),
  };
}

export const windowInput = (window: { from: Date; to: Date }) => ({
  startTime: window.from.toISOString(),
  endTime: window.to.toISOString(),
});
