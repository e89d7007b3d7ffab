import { createHash } from "node:crypto";
import type { Db } from "../../db/client.ts";

export interface AttemptLimit {
  max: number;
  windowMs: number;
}

const keyOf = (scope: string, subject: string): string =>
  `${scope}:${createHash("sha256").update(subject.trim().toLowerCase()).digest("hex")}`;

/**
 * Counts one attempt and returns how many there were in this window, itself included. It counts by subject, never by
 * address: a header that names an address can be forged. One statement, so concurrent attempts are all counted.
 */
export async function countAttempt(db: Db, scope: string, subject: string, limit: AttemptLimit, now: Date) {
  const key = keyOf(scope, subject);
  const resetsAt = new Date(now.getTime() + limit.windowMs);
  // a window that ends later than one from now on began before the clock was set back
  const latest = new Date(resetsAt.getTime() + 2_000);
  const [row] = await db.$queryRaw<{ count: number; resetsAt: Date }[]>`
    insert into "attempt_counter" as c ("key", "count", "resetsAt") values (${key}, 1, ${resetsAt})
    on conflict ("key") do update set
      "count" = case when c."resetsAt" <= ${now} or c."resetsAt" > ${latest} then 1 else c."count" + 1 end,
      "resetsAt" = case when c."resetsAt" <= ${now} or c."resetsAt" > ${latest} then ${resetsAt} else c."resetsAt" end
    returning "count", "resetsAt"`;
  const count = row?.count ?? 1;
  if (count === 1) await makeRoom(db, now);
  return { count, allowed: count <= limit.max, retryAfterMs: (row?.resetsAt ?? resetsAt).getTime() - now.getTime() };
}

/** subjects counted at once; made-up ones must not fill the disk */
export const MOST_COUNTERS = 5_000;
/** the table is looked through with every so manieth new subject */
const LOOK_EVERY = 100;
let sinceLook = 0;

/** What has run out goes; beyond the limit those go that say least: few attempts, about to run out. */
async function makeRoom(db: Db, now: Date): Promise<void> {
  await db.attemptCounter.deleteMany({ where: { resetsAt: { lt: now } } });
  if (++sinceLook < LOOK_EVERY) return;
  sinceLook = 0;
  await db.$executeRaw`
    delete from "attempt_counter" where "key" in (
      select "key" from "attempt_counter" order by "count" desc, "resetsAt" desc offset ${MOST_COUNTERS})`;
}

/** Takes one back that came to nothing. */
export async function forgetOneAttempt(db: Db, scope: string, subject: string): Promise<void> {
  await db.attemptCounter.updateMany({
    where: { key: keyOf(scope, subject), count: { gt: 0 } },
    data: { count: { decrement: 1 } },
  });
}

/** Forgets the attempts of a subject, after one that was right. */
export async function clearAttempts(db: Db, scope: string, subject: string): Promise<void> {
  await db.attemptCounter.deleteMany({ where: { key: keyOf(scope, subject) } });
}
