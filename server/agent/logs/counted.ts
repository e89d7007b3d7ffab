import type { LogFilter } from "../ports/log-source.ts";

const COUNTED_FIELDS = new Set(["service", "environment", "version"]);

/** True when counts of patterns can tell: nothing of the filter stands only in the lines themselves. */
export const isCounted = ({ instance, traceId, terms }: LogFilter): boolean =>
  instance === undefined &&
  traceId === undefined &&
  terms.every((term) => term.kind === "field" && COUNTED_FIELDS.has(term.field));
