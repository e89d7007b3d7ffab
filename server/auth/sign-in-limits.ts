import { setTimeout as delay } from "node:timers/promises";
import { KeyedSlots } from "../agent/kernel/slots.ts";
import { waiting as onPurpose } from "../agent/kernel/waiting.ts";
import type { Db } from "../db/client.ts";
import { type AttemptLimit, clearAttempts, countAttempt } from "./attempt-limit.ts";
import { CLIENT_ADDRESS_HEADER, networkOf } from "./client-address.ts";

/**
 * Wrong passwords are counted by account and address, and by known device. Over all addresses they slow the account
 * down for strangers and never shut it: whoever has its password gets in, in a known browser without a delay.
 */

/** of one address for one account, and of one known device */
export const PAIR_LIMIT: AttemptLimit = { max: 10, windowMs: 5 * 60_000 };
/** of all strangers for one account before they are slowed down */
export const FREE_ATTEMPTS = 20;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;
/** requests that wait at once: of one account, and in this process */
const MOST_WAITING = { perKey: 20, total: 200 };

const PAIR = "sign-in";
const ACCOUNT = "sign-in-account";

/** How long an attempt of a stranger waits, by how many there were for the account in this window. */
export const delayMsOf = (count: number): number =>
  count <= FREE_ATTEMPTS
    ? 0
    : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.floor((count - FREE_ATTEMPTS - 1) / 5));

/** Where an attempt comes from, as the limits count it. */
export const addressOf = (headers: Headers | undefined): string => networkOf(headers?.get(CLIENT_ADDRESS_HEADER) ?? "");

interface Attempt {
  email: string;
  address: string;
  /** null for a stranger */
  device: string | null;
}

const subjectOf = ({ email, address, device }: Attempt): string =>
  device === null ? `${email}\0${address}` : `${email}\0device\0${device}`;

export interface Verdict {
  allowed: boolean;
  /** this attempt is the first that is refused in its window */
  first: boolean;
  retryAfterMs: number;
}

const waiting = new KeyedSlots(MOST_WAITING);

/** Counts an attempt; a stranger's waits here when the account is under attack. */
export async function admitAttempt(db: Db, attempt: Attempt, now: Date): Promise<Verdict> {
  const own = await countAttempt(db, PAIR, subjectOf(attempt), PAIR_LIMIT, now);
  const first = own.count === PAIR_LIMIT.max + 1;
  if (!own.allowed) return { allowed: false, first, retryAfterMs: own.retryAfterMs };
  if (attempt.device !== null) return { allowed: true, first: false, retryAfterMs: 0 };
  const { count } = await countAttempt(db, ACCOUNT, attempt.email, PAIR_LIMIT, now);
  const delayMs = delayMsOf(count);
  if (delayMs === 0) return { allowed: true, first: false, retryAfterMs: 0 };
  return waiting.withSlot(
    attempt.email,
    async () => {
      await onPurpose(() => delay(delayMs));
      return { allowed: true, first: false, retryAfterMs: 0 };
    },
    () => ({ allowed: false, first: false, retryAfterMs: delayMs }),
  );
}

/** Forgets the wrong attempts of one address or device, and of the account, after one that was right. */
export async function forgetAttempts(db: Db, attempt: Attempt): Promise<void> {
  await clearAttempts(db, PAIR, subjectOf(attempt));
  await clearAttempts(db, ACCOUNT, attempt.email);
}

const AUDITED: AttemptLimit = { max: 30, windowMs: 5 * 60_000 };

/**
 * Whether one more refused attempt for an account is written down: a flood must not fill the audit log. Accounts that
 * do not exist count as one: there is no end of them.
 */
export async function isAudited(db: Db, email: string, now: Date): Promise<boolean> {
  const exists = (await db.user.count({ where: { email } })) > 0;
  return (await countAttempt(db, "sign-in-audit", exists ? email : "", AUDITED, now)).allowed;
}
