import type { OperateAgentConfig } from "../agent/config.ts";
import { createOutboundClient } from "../integrations/http/client.ts";

/** HTTP to addresses that people configure: guarded by `outbound`, and known to Operate's own doors as its own. */
export const createOutbound = ({ outbound }: Pick<OperateAgentConfig, "outbound">) =>
  createOutboundClient({ ...outbound, checkSecret: process.env.OPERATE_INGEST_SECRET });
