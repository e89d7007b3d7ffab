import { unknownName } from "../kernel/allowed-names.ts";
import type { Runtime } from "../kernel/context.ts";
import { isOwnService } from "../kernel/own-service.ts";
import type { SourceInfo } from "../ports/source.ts";
import { catalogOf } from "./catalog.ts";
import { isRecorded, listRecorded, type NameKind } from "./store.ts";

type Names = Partial<Record<NameKind, string | undefined>>;
type Knowing = Pick<Runtime, "config" | "db" | "telemetry">;

/** what is read, if it is telemetry */
type Source = { info: SourceInfo };

/**
 * Refuses a filter by a name of which nobody knows anything: it is not configured, no record tells of it, and the
 * built-in store has no telemetry of it. A source outside knows its own names, so that none is refused for it.
 * @throws INVALID with the names there are, nearest first
 */
export async function refuseUnknownFilter(ctx: Knowing, names: Names, source?: Source): Promise<void> {
  const catalog = catalogOf(ctx.config);
  await refuse(ctx, "service", names.service, catalog.serviceNames, source);
  await refuse(ctx, "environment", names.environment, catalog.environments, source);
}

async function refuse(
  ctx: Knowing,
  kind: NameKind,
  given: string | undefined,
  configured: readonly string[],
  source: Source | undefined,
): Promise<void> {
  if (given === undefined || configured.includes(given) || isOwnService(given)) return;
  if (source && source.info.address !== null) return;
  if ((await isRecorded(ctx.db, kind, given)) || (await ctx.telemetry.names.hasName(kind, given))) return;
  const recorded = await listRecorded(ctx.db, kind);
  const sent = await ctx.telemetry.names.names(kind);
  const allowed = [...new Set([...configured, ...recorded, ...sent])];
  throw unknownName({ what: kind, given, allowed, code: "INVALID" });
}
