import type { z } from "zod";
import type { ActionWarning } from "./schema.ts";

type Severity = z.infer<typeof ActionWarning>["severity"];

const RANK: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

/** The warnings of a plan in the order in which they are shown; those of one severity stay as they were. Pure. */
export const worstFirst = <W extends { severity: Severity }>(warnings: readonly W[]): W[] =>
  warnings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
