import type { Answer, SourceInfo } from "../../agent/ports/source.ts";

export const BUILT_IN: SourceInfo = { kind: "built-in", address: null };

export const answered = <T>(data: T, now: Date): Answer<T> => ({
  data,
  source: BUILT_IN,
  asOf: now.toISOString(),
  stale: false,
});
