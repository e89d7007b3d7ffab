import { Prisma } from "#server/db/generated/client.ts";
import type { Db } from "../kernel/context.ts";

/** Names that records still tell of, although the configuration may name them no more. */

export type NameKind = "service" | "environment";

const MOST_NAMES = 200;
const COLUMN = { service: Prisma.sql`service`, environment: Prisma.sql`environment` };

export async function isRecorded(db: Db, kind: NameKind, name: string): Promise<boolean> {
  const column = COLUMN[kind];
  const [row] = await db.$queryRaw<{ found: boolean }[]>`
    select exists(select 1 from deployment where ${column} = ${name})
      or exists(select 1 from incident where ${column} = ${name})
      or exists(select 1 from deployment_lock where ${column} = ${name})
      or exists(select 1 from health_target where ${column} = ${name}) as found`;
  return row?.found ?? false;
}

/** At most 200, in order. */
export async function listRecorded(db: Db, kind: NameKind): Promise<string[]> {
  const column = COLUMN[kind];
  const rows = await db.$queryRaw<{ name: string }[]>`
    select name from (
      select ${column} as name from deployment union select ${column} from incident
      union select ${column} from health_target) as named
    where name is not null order by 1 limit ${MOST_NAMES}`;
  return rows.map(({ name }) => name);
}
