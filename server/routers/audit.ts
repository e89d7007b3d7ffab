import { listAudit } from "../audit/list.ts";
import { ListAuditInput, ListAuditOutput } from "../audit/schema.ts";
import { procedure, router } from "./trpc.ts";

export const auditRouter = router({
  list: procedure
    .meta({ permission: "audit.read" })
    .input(ListAuditInput)
    .output(ListAuditOutput)
    .query(({ ctx, input }) => listAudit(ctx.agent, input)),
});
