import { listAudit } from "../audit/list.ts";
import { ListAuditInput, ListAuditOutput } from "../audit/schema.ts";
import { paged, procedure, router } from "./trpc.ts";

export const auditRouter = router({
  list: procedure
    .meta({ permission: "audit.read" })
    .input(ListAuditInput)
    .use(paged)
    .output(ListAuditOutput)
    .query(({ ctx, input }) => listAudit(ctx.agent, input)),
});
