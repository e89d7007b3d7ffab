import type { z } from "zod";
import { healthHistory } from "../health/index.ts";
import type { HealthHistoryInput, HealthHistoryOutput } from "../health/schema.ts";
import type { AgentContext } from "../kernel/context.ts";
import { judgedTarget } from "./judged-target.ts";
import { serviceRows } from "./service-rows.ts";

/** The history of one check; its target stands in the state, and since when, that every other tool and page says. @throws NOT_FOUND */
export const serviceHealthHistory = (
  ctx: AgentContext,
  input: z.output<typeof HealthHistoryInput>,
): Promise<HealthHistoryOutput> =>
  healthHistory(ctx, input, async (ref) => {
    const { rows } = await serviceRows(ctx, ref, { observed: false });
    return rows[0] && judgedTarget(rows[0]);
  });
