import { createHash } from "node:crypto";
import type { Db } from "../db/client.ts";

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
  const [row] = await db.$queryRaw<{ count: number; resetsAt: Date }[]>`
    insert into "attempt_counter" as c ("key", "count", "resetsAt") values (${key}, 1, ${resetsAt})
    on conflict ("key") do update set
      "count" = case when c."resetsAt" <= ${now} then 1 else c."count" + 1 end,
      "resetsAt" = case when c."resetsAt" <= ${now} then ${resetsAt} else c."resetsAt" end
    returning "count", "resetsAt"`;
  const count = row?.count ?? 1;
  if (count === 1) await db.attemptCounter.deleteMany({ where: { resetsAt: { lt: now } } });
  return { count, allowed: count <= limit.max, retryAfterMs: (row?.resetsAt ?? resetsAt).getTime() - now.getTime() };
}

/** Forgets the attempts of a subject, after one that was right. */
export async function clearAttempts(db: Db, scope: string, subject: string): Promise<void> {
  await db.attemptCounter.deleteMany({ where: { key: keyOf(scope, subject) } });
}
